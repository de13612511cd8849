package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowBucketsTest {
    @Test
    void countsAreRoundedUpToTheBuckets() {
        assertThat(IntStream.rangeClosed(0, 257).map(RowBuckets::of).distinct())
                .containsExactly(0, 1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384);
    }

    @Test
    void aBucketHasRoomAndIsItsOwnBucket() {
        for (int rows = 1; rows < 5000; rows++) {
            assertThat(RowBuckets.of(rows)).isGreaterThanOrEqualTo(rows).isLessThanOrEqualTo(2 * rows);
            assertThat(RowBuckets.of(RowBuckets.of(rows))).isEqualTo(RowBuckets.of(rows));
            int greatest = RowBuckets.greatest(rows);
            assertThat(RowBuckets.of(greatest)).isEqualTo(greatest).isLessThanOrEqualTo(rows);
            assertThat(RowBuckets.of(greatest + 1)).as("the next bucket").isGreaterThan(rows);
        }
    }
}
