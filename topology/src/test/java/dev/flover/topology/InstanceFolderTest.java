package dev.flover.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceFolderTest {
    @TempDir
    private Path folder;

    @Test
    void anInstanceKeepsItsName() {
        String name;
        try (var first = new InstanceFolder(folder)) {
            name = first.instance();
        }
        try (var second = new InstanceFolder(folder)) {
            assertThat(second.instance()).isEqualTo(name).isNotBlank();
        }
        try (var other = new InstanceFolder(folder.resolve("other"))) {
            assertThat(other.instance()).isNotEqualTo(name);
        }
    }

    @Test
    void aLifeWithoutAProperEndIsRememberedUntilOneEndsWell() {
        try (var first = new InstanceFolder(folder)) {
            assertThat(first.lastLifeEndedBadly()).isFalse();
        }
        try (var second = new InstanceFolder(folder)) {
            assertThat(second.lastLifeEndedBadly()).isTrue();
            second.endedWell();
        }
        try (var third = new InstanceFolder(folder)) {
            assertThat(third.lastLifeEndedBadly()).isFalse();
        }
    }

    @Test
    void onlyOnePipelineUsesAFolder() {
        try (var first = new InstanceFolder(folder)) {
            assertThatThrownBy(() -> new InstanceFolder(folder)).hasMessageContaining("in use by another pipeline");
            assertThat(first.instance()).isNotBlank();
        }
    }
}
