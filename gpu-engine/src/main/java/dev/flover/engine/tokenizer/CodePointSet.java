package dev.flover.engine.tokenizer;

import java.util.function.IntPredicate;

/// Which code points match: a bit each for the basic plane, the rule itself beyond it; single characters just compare.
final class CodePointSet {
    private final long[] basicPlane;
    private final IntPredicate rule;

    private CodePointSet(long[] basicPlane, IntPredicate rule) {
        this.basicPlane = basicPlane;
        this.rule = rule;
    }

    static CodePointSet of(IntPredicate rule) {
        long[] bits = new long[0x10000 / Long.SIZE];
        for (int c = 0; c < 0x10000; c++) {
            if (rule.test(c)) {
                bits[c / Long.SIZE] |= 1L << c;
            }
        }
        return new CodePointSet(bits, rule);
    }

    static CodePointSet only(int codePoint) {
        return new CodePointSet(null, c -> c == codePoint);
    }

    /// The characters that differ from one at most in case.
    static CodePointSet ignoringCase(int codePoint) {
        int folded = CodePointRules.fold(codePoint);
        return new CodePointSet(null, c -> c == folded || CodePointRules.fold(c) == folded);
    }

    boolean contains(int codePoint) {
        return basicPlane != null && codePoint < 0x10000
                ? (basicPlane[codePoint / Long.SIZE] & 1L << codePoint) != 0
                : rule.test(codePoint);
    }
}
