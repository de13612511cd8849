package dev.flover.app.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class EngineOptionsTest {
    @Test
    void theCacheIsAsLargeAsFitsUnlessANumberIsGiven() {
        assertThat(parse().config(null).kvBlocks()).isZero();
        assertThat(parse("--kv-blocks", "12").config(null).kvBlocks()).isEqualTo(12);
        assertThatThrownBy(() -> parse("--kv-blocks", "0").config(new CommandLine(new EngineOptions())))
                .hasMessage("--kv-blocks must be at least 1, was 0");
    }

    @Test
    void theTokenBudgetHoldsAllSequencesAndOnePrefillChunk() {
        var config = parse("--max-sequences", "3", "--prefill-chunk", "5").config(null);

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
