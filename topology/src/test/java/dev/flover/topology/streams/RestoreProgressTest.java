package dev.flover.topology.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class RestoreProgressTest {
    private final RestoreProgress progress = new RestoreProgress(() -> 0);

    private static TopicPartition changelog(String store, int partition) {
        return new TopicPartition("app-" + store + "-changelog", partition);
    }

    @Test
    void theRecordsOfAllStoresOfAPartitionAreCountedUntilTheyAreRead() {
        progress.onRestoreStart(changelog("requests", 1), "requests", 100, 150);
        progress.onRestoreStart(changelog("progress", 1), "progress", 0, 1000);
        progress.onRestoreStart(changelog("requests", 2), "requests", 0, 10);
        progress.onBatchRestored(changelog("progress", 1), "progress", 400, 400);

        assertThat(progress.left()).isEqualTo(Map.of(1, 650L, 2, 10L));
        assertThat(progress.sentence()).isEqualTo(
                "restoring the state of 2 partitions: 400 of 1,060 records are read");

        progress.onRestoreEnd(changelog("progress", 1), "progress", 1000);
        progress.onRestoreSuspended(changelog("requests", 2), "requests", 0);
        assertThat(progress.left()).isEqualTo(Map.of(1, 50L));
    }

    @Test
    void aChangelogWithHolesNeverCountsBelowZero() {
        progress.onRestoreStart(changelog("requests", 1), "requests", 0, 5);
        progress.onBatchRestored(changelog("requests", 1), "requests", 9, 7);
        assertThat(progress.left()).isEqualTo(Map.of(1, 0L));
    }
}
