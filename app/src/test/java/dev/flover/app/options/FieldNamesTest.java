package dev.flover.app.options;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FieldNamesTest {
    @Test
    void spellsFieldsAsOptions() {
        assertThat(FieldNames.asOptions("topP must be in (0, 1], was 3.0"))
                .isEqualTo("--top-p must be in (0, 1], was 3.0");
        assertThat(FieldNames.asOptions("temperature must be in [0, 10], was NaN"))
                .isEqualTo("--temperature must be in [0, 10], was NaN");
        assertThat(FieldNames.asOptions("prefillChunk must be in [1, tokenBudget = 64], was 0"))
                .isEqualTo("--prefill-chunk must be in [1, --token-budget = 64], was 0");
    }

    @Test
    void spellsFieldsAsJson() {
        assertThat(FieldNames.asJson("minTokens must be in [0, maxTokens], was -1"))
                .isEqualTo("min_tokens must be in [0, max_tokens], was -1");
    }
}
