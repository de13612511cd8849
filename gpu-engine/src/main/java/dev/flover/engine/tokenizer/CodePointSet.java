package dev.flover.engine.tokenizer;

import java.util.function.IntPredicate;

/// Which code points match: of the basic plane, the answers so far are kept; beyond it, and for single characters, the
/// rule is asked.
final class CodePointSet {
    private static final int PAGE = 16;
    private static final int KNOWN = 1 << PAGE;

    /// A bit for each of 16 characters, and [#KNOWN] once they are asked. Threads that race write the same.
    private final int[] pages;
    private final IntPredicate rule;

    private CodePointSet(int[] pages, IntPredicate rule) {
        this.pages = pages;
        this.rule = rule;
    }

    static CodePointSet of(IntPredicate rule) {
        return new CodePointSet(new int[0x10000 / PAGE], rule);
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
        if (pages == null || codePoint >= 0x10000) {
            return rule.test(codePoint);
        }
        int page = pages[codePoint / PAGE];
        if (page == 0) {
            page = ask(codePoint / PAGE);
        }
        return (page >> codePoint % PAGE & 1) != 0;
    }

    private int ask(int index) {
        int page = KNOWN;
        for (int i = 0; i < PAGE; i++) {
            page |= rule.test(index * PAGE + i) ? 1 << i : 0;
        }
        pages[index] = page;
        return page;
    }
}
