package dev.flover.engine.backend.cuda;

/// Row counts are rounded up to these, so that few graphs serve all steps: {1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128,
/// 192, 256, 384, 512, ...}. What a bucket has more than rows is skipped on the device and changes no bit.
final class RowBuckets {
    private RowBuckets() {}

    /// The smallest bucket with room for `rows`; 0 for none.
    static int of(int rows) {
        if (rows <= 8) {
            return rows <= 1 ? rows : Integer.highestOneBit(rows - 1) << 1;
        }
        int power = Integer.highestOneBit(rows - 1);       // power < rows <= 2 * power
        return power >= 16 && rows <= power + power / 2 ? power + power / 2 : 2 * power;
    }
}
