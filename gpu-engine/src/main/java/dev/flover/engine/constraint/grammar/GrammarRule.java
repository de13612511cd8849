package dev.flover.engine.constraint.grammar;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import dev.flover.engine.constraint.machine.Lexeme;
import dev.flover.engine.constraint.regex.Dfa;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A rule that needs a stack: a list of choices, each a list of parts in order. The choices are added after
/// construction, because rules refer to each other.
final class GrammarRule {
    final String name;
    final List<List<Part>> choices = new ArrayList<>();

    GrammarRule(String name) {
        this.name = name;
    }

    /// A part of a choice.
    sealed interface Part {
        /// A text of a regular language.
        record Lexical(Dfa text) implements Part {}

        /// A text of a rule.
        record Reference(GrammarRule rule) implements Part {}

        default boolean isEmptyable(Set<GrammarRule> emptyable) {
            return switch (this) {
                case Lexical(Dfa text) -> text.isAccepting(text.start());
                case Reference(GrammarRule rule) -> emptyable.contains(rule);
            };
        }
    }

    /// Adds the cursors that stand before a text of the rule.
    ///
    /// @param behind the frame that continues after the rule's text
    void begin(Frame behind, List<Cursor> next) {
        for (var choice : choices) {
            begin(choice, 0, behind, next);
        }
    }

    private static void begin(List<Part> parts, int index, Frame behind, List<Cursor> next) {
        if (index == parts.size()) {
            behind.resume(next);
            return;
        }
        var rest = index + 1 == parts.size() ? behind : new Rest(parts, index + 1, behind);
        switch (parts.get(index)) {
            case Part.Lexical(Dfa text) -> Lexeme.begin(text, rest, next);
            case Part.Reference(GrammarRule rule) -> rule.begin(rest, next);
        }
    }

    /// The frame that continues a choice with its parts from `index` on.
    private static final class Rest extends Frame {
        private final List<Part> parts;
        private final int index;
        private final Frame behind;
        private final int hash;

        Rest(List<Part> parts, int index, Frame behind) {
            this.parts = parts;
            this.index = index;
            this.behind = behind;
            this.hash = (System.identityHashCode(parts) * 31 + index) * 31 + behind.hashCode();
        }

        @Override
        public void resume(List<Cursor> next) {
            begin(parts, index, behind, next);
        }

        @Override
        public boolean equals(Object other) {
            return this == other || other instanceof Rest rest && hash == rest.hash && parts == rest.parts
                    && index == rest.index && behind.equals(rest.behind);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
