package dev.flover.engine.tokenizer;

import java.util.function.IntPredicate;

/// Which code points match: a bit each for the basic plane, the rule itself beyond it.
final class CodePointSet {
    private final long[] basicPlane = new long[0x10000 / 64];
    private final IntPredicate rule;

    CodePointSet(IntPredicate rule) {
        this.rule = rule;
        for (int c = 0; c < 0x10000; c++) {
            if (rule.test(c)) {
                basicPlane[c >> 6] |= 1L << c;
            }
        }
    }

    boolean contains(int codePoint) {
        return codePoint < 0x10000
                ? (basicPlane[codePoint >> 6] & 1L << codePoint) != 0
                : rule.test(codePoint);
    }
}
