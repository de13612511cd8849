package dev.flover.topology.setup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
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
        try (var first = new InstanceFolder(folder, UUID.randomUUID())) {
            name = first.instance();
        }
        try (var second = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(second.instance()).isEqualTo(name).isNotBlank();
        }
        try (var other = new InstanceFolder(folder.resolve("other"), UUID.randomUUID())) {
            assertThat(other.instance()).isNotEqualTo(name);
        }
    }

    @ParameterizedTest
    @MethodSource
    void aSpoiltNameIsReplacedByANewOne(byte[] found) throws IOException {
        Files.write(folder.resolve("instance"), found);
        String name;
        try (var first = new InstanceFolder(folder, UUID.randomUUID())) {
            name = first.instance();
        }
        try (var second = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(second.instance()).isEqualTo(name).hasSize(36);
        }
    }

    static List<byte[]> aSpoiltNameIsReplacedByANewOne() {
        return List.of(new byte[0], new byte[] {(byte) 0xff, 0, (byte) 0xfe}, "cut-sho".getBytes(UTF_8));
    }

    @Test
    void aLifeWithoutAProperEndIsRememberedUntilOneEndsWell() {
        try (var first = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(first.lastLifeEndedBadly()).isFalse();
        }
        try (var second = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(second.lastLifeEndedBadly()).isTrue();
            second.endedWell();
        }
        try (var third = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(third.lastLifeEndedBadly()).isFalse();
        }
    }

    @Test
    void theProcessThatEndedWellIsKnownByNameToTheNextOnes() {
        var well = UUID.randomUUID();
        try (var first = new InstanceFolder(folder, well)) {
            assertThat(first.endedBefore()).isEmpty();
            first.endedWell();
        }
        try (var killed = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(killed.endedBefore()).contains(well);
        }
        try (var third = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThat(third.endedBefore()).contains(well);
        }
    }

    @Test
    void onlyOnePipelineUsesAFolder() {
        try (var first = new InstanceFolder(folder, UUID.randomUUID())) {
            assertThatThrownBy(() -> new InstanceFolder(folder, UUID.randomUUID()))
                    .hasMessageContaining("in use by another pipeline");
            assertThat(first.instance()).isNotBlank();
        }
    }
}
