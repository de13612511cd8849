package dev.flover.topology;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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

    @ParameterizedTest
    @MethodSource
    void aSpoiltNameIsReplacedByANewOne(byte[] found) throws IOException {
        Files.write(folder.resolve("instance"), found);
        String name;
        try (var first = new InstanceFolder(folder)) {
            name = first.instance();
        }
        try (var second = new InstanceFolder(folder)) {
            assertThat(second.instance()).isEqualTo(name).hasSize(36);
        }
    }

    static List<byte[]> aSpoiltNameIsReplacedByANewOne() {
        return List.of(new byte[0], new byte[] {(byte) 0xff, 0, (byte) 0xfe}, "cut-sho".getBytes(UTF_8));
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
