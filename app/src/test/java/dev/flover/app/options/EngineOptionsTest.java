package dev.flover.app.options;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.format.ModelLoader;
import dev.flover.engine.model.ModelConfig;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class EngineOptionsTest {
    private static ModelConfig novelist() {
        try (var model = ModelLoader.open(BundledModel.path())) {
            return model.config();
        }
    }

    @Test
    void theCacheHoldsWholeContextsWhereMemoryAllows() {
        assertThat(EngineOptions.defaultBlocks(novelist(), 64, 64L << 30)).isEqualTo(64 * 256 / 16);
    }

    @Test
    void theCacheTakesAQuarterOfTheMemoryAtMost() {
        int blockBytes = 2 * 4 * 4 * 32 * 16 * Float.BYTES;      // keys and values, layers, heads, width, positions

        assertThat(EngineOptions.defaultBlocks(novelist(), 64, 4L * 100 * blockBytes)).isEqualTo(100);
        assertThat(EngineOptions.defaultBlocks(novelist(), 64, 1)).isEqualTo(1);
    }

    @Test
    void theTokenBudgetHoldsAllSequencesAndOnePrefillChunk() {
        var config = parse("--max-sequences", "3", "--prefill-chunk", "5").config(novelist(), null);

        assertThat(config.tokenBudget()).isEqualTo(8);
        assertThat(config.maxSequences()).isEqualTo(3);
    }

    @Test
    void theBundledModelIsFound() {
        assertThat(BundledModel.path()).isRegularFile();
        assertThat(BundledModel.path().toString().toLowerCase(Locale.ROOT)).endsWith(".gguf");
    }

    private static EngineOptions parse(String... arguments) {
        return CommandLine.populateCommand(new EngineOptions(), arguments);
    }
}
