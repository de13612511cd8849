package dev.flover.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextConstraintTest {
    @Test
    void aPatternMatchesTheWholeAnswer() {
        var pattern = new Accepting().of(new ConstraintSource.Pattern("(ab|é)+[0-9]{2,3}"));
        assertThat(pattern.accepts("abé12")).isTrue();
        assertThat(pattern.accepts("abab123")).isTrue();
        assertThat(pattern.accepts("ab1")).isFalse();
        assertThat(pattern.accepts("xab12")).isFalse();
    }

    @Test
    void anAnswerIsOneOfTheChoices() {
        var choices = new Accepting().of(new ConstraintSource.Choices(List.of("ab", "abc", "b")));
        assertThat(choices.accepts("ab")).isTrue();
        assertThat(choices.accepts("abc")).isTrue();
        assertThat(choices.accepts("a")).isFalse();
        assertThat(choices.accepts("abb")).isFalse();
    }

    @Test
    void aGrammarCountsItsBrackets() {
        var grammar = Accepting.grammar("""
                # sums
                root ::= sum
                sum  ::= term ("+" term)*
                term ::= number | "(" sum ")"
                number ::= [0-9]+   # digits
                """);
        assertThat(grammar.accepts("1+(2+(34))")).isTrue();
        assertThat(grammar.accepts("12")).isTrue();
        assertThat(grammar.accepts("((1)")).isFalse();
        assertThat(grammar.accepts("1+")).isFalse();
        assertThat(grammar.accepts(")")).isFalse();
    }

    @Test
    void whatIsWrongWithAGrammarIsSaid() {
        assertThatThrownBy(() -> Accepting.grammar("root ::= root \"a\" | \"b\""))
                .isInstanceOf(ConstraintException.class).hasMessageContaining("root begins with itself");
        assertThatThrownBy(() -> Accepting.grammar("root ::= other")).hasMessageContaining("no rule other");
        assertThatThrownBy(() -> Accepting.grammar("root ::= \"a\"\nx ::= (\"b\"")).hasMessageContaining("line 2");
        assertThatThrownBy(() -> Accepting.grammar("root ::= \"a\" root")).hasMessageContaining("no text");
        assertThatThrownBy(() -> new Accepting().of(new ConstraintSource.Choices(List.of())))
                .hasMessageContaining("empty list");
        assertThatThrownBy(() -> new Accepting().of(new ConstraintSource.Pattern("a\\b")))
                .hasMessageContaining("word boundary");
    }
}
