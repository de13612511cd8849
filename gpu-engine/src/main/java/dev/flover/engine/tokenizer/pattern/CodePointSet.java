package dev.flover.engine.tokenizer.pattern;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A set of code points, given by a rule. For the basic plane the rule's answers are cached; beyond it, and for sets of
/// a single character, the rule is called each time.
final class CodePointSet {
    private static final int PAGE = 16;
    private static final int KNOWN = 1 << PAGE;

    /// By 16 characters: one bit for each, and the bit [#KNOWN] once the rule was called for them. Threads that race
    /// write the same value. Null if nothing is cached.
    private final int @Nullable [] pages;
    private final IntPredicate rule;

    private CodePointSet(int @Nullable [] pages, IntPredicate rule) {
        this.pages = pages;
        this.rule = rule;
    }

    static CodePointSet of(IntPredicate rule) {
        return new CodePointSet(new int[0x10000 / PAGE], rule);
    }

    static CodePointSet only(int codePoint) {
        return new CodePointSet(null, c -> c == codePoint);
    }

    /// The characters that equal the given one or differ from it only in case.
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
            page = ask(pages, codePoint / PAGE);
        }
        return (page >> codePoint % PAGE & 1) != 0;
    }

    private int ask(int[] pages, int index) {
        int page = KNOWN;
        for (int i = 0; i < PAGE; i++) {
            page |= rule.test(index * PAGE + i) ? 1 << i : 0;
        }
        pages[index] = page;
        return page;
    }
}
