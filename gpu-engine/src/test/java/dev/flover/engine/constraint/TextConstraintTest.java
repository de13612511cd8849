package dev.flover.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.constraint.machine.ConstraintException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextConstraintTest {
    @Test
    void aPatternMatchesTheWholeAnswer() {
        var pattern = new Accepting().of(new ConstraintSource.Pattern("(ab|é)+[0-9]{2,3}"));
        assertThat(pattern.accepts("abé12")).isTrue();
        assertThat(pattern.accepts("abab123")).isTrue();
        assertThat(pattern.accepts("ab1")).isFalse();
        assertThat(pattern.accepts("xab12")).isFalse();
    }

    /// Without a limit, each of these patterns would block a step for seconds while its text is drawn.
    @ParameterizedTest
    @ValueSource(strings = {"(?=.*a.{10})(?=.*b.{10}).*", "(?=.*a.{6})(?=.*b.{6})(?=.*c.{6}).*", ".*a.{30}"})
    void aPatternWhoseStatesMultiplyIsRefusedWhenItIsCompiled(String pattern) {
        assertThatThrownBy(() -> new Accepting().of(new ConstraintSource.Pattern(pattern)))
                .isInstanceOf(ConstraintException.class)
                .hasMessageStartingWith("regex is too complex: counted repetitions after unbounded ones");
    }

    @Test
    void aCountBehindSomethingOfAnyLengthIsNoReasonToRefuse() {
        var mail = new Accepting().of(new ConstraintSource.Pattern("[^@]+@[a-z]{1,63}\\.[a-z]{2,10}"));
        assertThat(mail.accepts("a.b@abc.no")).isTrue();
        assertThat(mail.accepts("a.b@abc.n")).isFalse();
        assertThat(mail.accepts("a@" + "a".repeat(64) + ".no")).isFalse();
    }

    @Test
    void aStringHasNoMoreCharactersThanItMayHave() {
        var two = Accepting.schema("{\"type\": \"string\", \"maxLength\": 2}");
        assertThat(two.accepts("\"ab\"")).isTrue();
        assertThat(two.accepts("\"abc\"")).isFalse();
        assertThat(two.accepts("\"éa\"")).isTrue();
        assertThat(two.accepts("\"\\\"\\n\"")).isTrue();
        assertThat(two.accepts("\"\\\"\\n\\n\"")).isFalse();
    }

    @Test
    void aHostnameHasShortLabelsWithoutTwoHyphens() {
        var host = Accepting.schema("{\"type\": \"string\", \"format\": \"hostname\"}");
        String label = "a".repeat(61);
        for (String good : List.of("a", "a-b.no", "1.2", label + "xx", String.join(".", label, label, label, label))) {
            assertThat(host.accepts('"' + good + '"')).as(good).isTrue();
        }
        for (String bad : List.of("", "a--b", "-a", "a-", "a..b", "a.", "a b", label + "xxx",
                String.join(".", label, label, label, label, label))) {
            assertThat(host.accepts('"' + bad + '"')).as(bad).isFalse();
        }
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
    void grammarsAndChoicesHaveAGreatestLength() {
        String comment = "#".repeat((1 << 20) - 13);
        assertThat(Accepting.grammar("root ::= \"a\"\n" + comment).accepts("a")).isTrue();
        assertThatThrownBy(() -> Accepting.grammar("root ::= \"a\"\n#" + comment))
                .isInstanceOf(ConstraintException.class)
                .hasMessage("grammar has 1048577 characters; at most 1048576 are accepted");
        String half = "b".repeat(1 << 19);
        assertThatThrownBy(() -> new Accepting().of(new ConstraintSource.Choices(List.of("a", half, half))))
                .isInstanceOf(ConstraintException.class)
                .hasMessage("choices has 1048577 characters; at most 1048576 are accepted");
    }

    @Test
    void whatIsWrongWithAGrammarIsSaid() {
        assertThatThrownBy(() -> Accepting.grammar("root ::= root \"a\" | \"b\""))
                .isInstanceOf(ConstraintException.class).hasMessageContaining("root begins with itself");
        assertThatThrownBy(() -> Accepting.grammar("root ::= other"))
                .hasMessageContaining("the rule other is not defined");
        assertThatThrownBy(() -> Accepting.grammar("root ::= \"a\"\nx ::= (\"b\"")).hasMessageContaining("line 2");
        assertThatThrownBy(() -> Accepting.grammar("root ::= \"a\" root")).hasMessageContaining("no text");
        assertThatThrownBy(() -> new Accepting().of(new ConstraintSource.Choices(List.of())))
                .hasMessageContaining("empty list");
        assertThatThrownBy(() -> new Accepting().of(new ConstraintSource.Pattern("a\\b")))
                .hasMessageContaining("word boundary");
    }
}
