package dev.flover.engine.backend.cuda;

/// The row counts for which graphs are captured: {1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, ...}. A
/// step's row count is rounded up to one of these, so that few graphs serve all steps. The device skips the additional
/// rows, which do not change any bit.
final class RowBuckets {
    private RowBuckets() {}

    /// The smallest bucket with room for `rows` rows; 0 for 0 rows.
    static int of(int rows) {
        if (rows <= 8) {
            return rows <= 1 ? rows : Integer.highestOneBit(rows - 1) << 1;
        }
        int power = Integer.highestOneBit(rows - 1);       // power < rows <= 2 * power
        return power >= 16 && rows <= power + power / 2 ? power + power / 2 : 2 * power;
    }

    /// The greatest bucket of at most `rows` rows.
    static int greatest(int rows) {
        int power = Integer.highestOneBit(rows);
        return power >= 16 && rows >= power + power / 2 ? power + power / 2 : power;
    }
}
