package dev.flover.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.constraint.ConstraintSource.Exact;
import dev.flover.engine.constraint.ConstraintSource.InOrder;
import dev.flover.engine.constraint.ConstraintSource.JsonSchema;
import dev.flover.engine.constraint.ConstraintSource.Named;
import dev.flover.engine.constraint.ConstraintSource.OneOf;
import dev.flover.engine.constraint.ConstraintSource.Repeated;
import dev.flover.engine.constraint.machine.ConstraintException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ComposedConstraintTest {
    private static final ConstraintSource CITY = new JsonSchema(
            "{\"type\": \"object\", \"properties\": {\"city\": {\"enum\": [\"Oslo\", \"Rome\"]}},"
                    + " \"required\": [\"city\"], \"additionalProperties\": false}", true);
    private static final ConstraintSource TIME = new JsonSchema("{\"type\": \"integer\"}", false);

    private static ConstraintSource call(String name, ConstraintSource arguments) {
        return InOrder.of(new Exact("<tool>" + name + ":"), arguments, new Exact("</tool>"));
    }

    @Test
    void textStandsAroundJson() {
        var one = Accepting.composed(call("city", CITY));
        assertThat(one.accepts("<tool>city:{\"city\":\"Oslo\"}</tool>")).isTrue();
        assertThat(one.accepts("<tool>city:{\"city\": \"Rome\"}</tool>")).isTrue();
        assertThat(one.accepts("<tool>city:{\"city\":\"Bonn\"}</tool>")).isFalse();
        assertThat(one.accepts("<tool>city:{\"city\":\"Oslo\"}")).isFalse();
        assertThat(one.accepts("<tool>time:1</tool>")).isFalse();
    }

    @Test
    void severalOfSeveralKindsStandBehindEachOther() {
        var many = Accepting.composed(new Repeated(
                new OneOf(List.of(call("city", CITY), call("time", TIME))), new Exact("\n")));
        assertThat(many.accepts("<tool>time:12</tool>")).isTrue();
        assertThat(many.accepts("<tool>time:12</tool>\n<tool>city:{\"city\":\"Oslo\"}</tool>\n<tool>time:0</tool>"))
                .isTrue();
        assertThat(many.accepts("<tool>time:12</tool>\n")).isFalse();
        assertThat(many.accepts("<tool>time:12</tool><tool>time:0</tool>")).isFalse();
        assertThat(many.accepts("")).isFalse();
        var close = Accepting.composed(new Repeated(TIME, new Exact("")));
        assertThat(close.accepts("12")).isTrue();
    }

    @Test
    void markupIsThatTokenAndNoTextThatSpellsIt() {
        var marked = Accepting.composed(InOrder.of(new Exact("ab<|call|>"), TIME));
        assertThat(marked.takes('a', 'b', TextTokens.CALL, '7')).isTrue();
        var spelled = "ab<|call|>7".chars().toArray();
        assertThat(marked.takes(spelled)).isFalse();
        var first = Accepting.composed(new Exact("<|call|>"));
        assertThat(first.takes(TextTokens.CALL)).isTrue();
        assertThat(IntStream.range(0, 256).noneMatch(first::takes)).as("no byte is that token").isTrue();
    }

    @Test
    void aPatternOfAnythingAllowsNoMarkup() {
        var anything = new Accepting().of(new ConstraintSource.Pattern("[^x]*x"));
        assertThat(anything.takes('a', TextTokens.CALL)).isFalse();
        assertThat(anything.takes(0xFF)).isFalse();
    }

    @Test
    void whatIsWrongWithAPartIsToldByItsName() {
        var bad = new Named("tools[1].parameters", new JsonSchema("{\"type\": \"objekt\"}", false));
        assertThatThrownBy(() -> Accepting.composed(InOrder.of(new Exact("x"), bad)))
                .isInstanceOf(ConstraintException.class).hasMessageStartingWith("tools[1].parameters: ");
    }
}
