package dev.flover.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Checks the number of shards of published models, which is the most devices that their products can be divided among.
class KShardsTest {
    @ParameterizedTest
    @CsvSource({
        "Llama 3.1 8B,      32, 128,  8, 14336, 8",
        "Llama 3.2 3B,      24, 128,  8,  8192, 8",
        "Llama 2 7B,        32, 128,  8, 11008, 8",
        "Llama 2 13B,       40, 128,  8, 13824, 8",
        "Gemma 3 1B,         4, 256,  4,  6912, 8",
        "Qwen 2.5 0.5B,     14,  64,  2,  4864, 8",
        "Qwen 2.5 1.5B,     12, 128,  4,  8960, 8",
        "Qwen 3 0.6B,       16, 128,  8,  3072, 8",
        "GPT-2,             12,  64,  4,  3072, 8",
        "stories260K,        8,   8,  2,   172, 1",
        "a head of 20,       8,  20,  1,    96, 1"})
    void areWholeHeadsAndBlocksOf32(
            String model, int heads, int headDim, int ofHeads, int feedForward, int ofColumns) {
        assertThat(KShards.ofHeads(heads, headDim)).as(model).isEqualTo(ofHeads);
        assertThat(KShards.ofColumns(feedForward)).as(model).isEqualTo(ofColumns);
        assertThat(heads % ofHeads).isZero();
        assertThat(heads * headDim / ofHeads % 32).isIn(0, heads * headDim % 32);
    }
}
