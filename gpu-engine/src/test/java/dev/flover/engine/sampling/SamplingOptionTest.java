package dev.flover.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SamplingOptionTest {
    /// Fields that affect draws and are no options: they are no single numbers, or are set elsewhere in a request.
    private static final List<String> NO_OPTIONS =
            List.of("seed", "topLogprobs", "logitBias", "allowedOnly", "minTokens");

    @Test
    void everyNumberOfSamplingIsAnOption() {
        var components = Arrays.stream(SamplingParams.class.getRecordComponents()).map(RecordComponent::getName)
                .filter(name -> !NO_OPTIONS.contains(name)).map(SamplingOptionTest::inSnakeCase);

        assertThat(SamplingOption.values()).extracting(SamplingOption::field)
                .containsExactlyInAnyOrderElementsOf(components.toList());
    }

    @ParameterizedTest
    @EnumSource
    void anOptionReadsAndChangesTheComponentOfItsName(SamplingOption option) throws ReflectiveOperationException {
        var changed = SamplingParams.greedy().with(params -> option.set(params, 1));

        for (var component : SamplingParams.class.getRecordComponents()) {
            Object value = component.getAccessor().invoke(changed);
            if (inSnakeCase(component.getName()).equals(option.field())) {
                assertThat(((Number) value).doubleValue()).isEqualTo(1);
                assertThat(option.of(changed)).isEqualTo(value);
                assertThat(option.isWhole()).isEqualTo(component.getType() == int.class);
            } else {
                assertThat(value).isEqualTo(component.getAccessor().invoke(SamplingParams.greedy()));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aValueOutOfRangeIsRefusedByName(SamplingOption option) {
        assertThat(option.allows(Float.NaN)).isFalse();
        assertThat(option.allows(-3)).isFalse();
        assertThatThrownBy(() -> SamplingParams.greedy().with(params -> option.set(params, -3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(" must be in " + option.range() + ", was -3");
    }

    private static String inSnakeCase(String component) {
        return component.replaceAll("[A-Z]", "_$0").toLowerCase(java.util.Locale.ROOT);
    }
}
