package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The expected windows are those with which the transformers library computes small models of random weights and
/// these keys.
class FolderWindowsTest {
    @TempDir
    Path folder;

    /// A model type; keys of a folder with seven layers; and the window of each layer, 0 for none.
    @ParameterizedTest
    @ValueSource(strings = {
            "llama; 'sliding_window': 6; 0000000",
            "olmo2; 'sliding_window': 6; 0000000",
            // A window in each layer, whatever other keys say.
            "mistral; 'sliding_window': 6; 6666666",
            "mistral; 'sliding_window': 6, 'use_sliding_window': false; 6666666",
            "mistral; 'sliding_window': 6, 'max_window_layers': 5; 6666666",
            "phi3; 'sliding_window': 6, 'sliding_window_pattern': 2; 6666666",
            "starcoder2; 'sliding_window': 6, 'use_sliding_window': false; 6666666",
            "ministral3; 'sliding_window': 6, 'max_window_layers': 7; 6666666",
            "mixtral; 'sliding_window': 6, 'max_window_layers': 1; 6666666",
            "mixtral; 'sliding_window': null; 0000000",
            // Qwen's families, each in its own way.
            "qwen2; 'sliding_window': 6, 'use_sliding_window': true, 'max_window_layers': 5; 0000066",
            "qwen3; 'sliding_window': 6, 'use_sliding_window': false, 'max_window_layers': 0; 0000000",
            "qwen2_moe; 'sliding_window': 6, 'use_sliding_window': true, 'max_window_layers': 4; 6060000",
            "qwen3_moe; 'sliding_window': 6, 'use_sliding_window': true, 'max_window_layers': 7; 6666666",
            "qwen3_moe; 'sliding_window': 6, 'max_window_layers': 0; 0000000",
            // Layers with a window between layers without one.
            "gemma2; 'sliding_window': 6, 'use_sliding_window': false; 6060606",
            "gpt_oss; 'sliding_window': 6, 'max_window_layers': 7; 6060606",
            "olmo3; 'sliding_window': 6, 'sliding_window_pattern': 2; 6660666",
            "cohere2; 'sliding_window': 6, 'use_sliding_window': false; 6660666",
            "cohere2; 'sliding_window': 6, 'sliding_window_pattern': 2; 6060606",
            "gemma3_text; 'sliding_window': 6, 'sliding_window_pattern': 3; 6606606",
            "gemma3_text; 'sliding_window': 6, '_sliding_window_pattern': 3; 6666606",
            "exaone4; 'sliding_window': 6, 'sliding_window_pattern': 'LLG'; 6606606",
            // SmolLM3: the layers without rotary positions.
            "smollm3; 'sliding_window': 6, 'use_sliding_window': true; 0006000",
            "smollm3; 'sliding_window': 6, 'use_sliding_window': true, 'no_rope_layers': [1, 0, 1, 1, 1, 1, 0]; "
                    + "0600006",
            "smollm3; 'sliding_window': 6; 0000000"})
    void aWindowAppliesToTheLayersOfTheFamilysOwnRule(String entry) throws IOException {
        String[] parts = entry.split("; ");
        assertThat(windows(parts[0], parts[1])).isEqualTo(parts[2]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mistral", "qwen2", "qwen2_moe", "smollm3", "gemma2", "cohere2", "olmo3"})
    void aListOfLayersComesBeforeTheRule(String modelType) throws IOException {
        String kinds = "'full_attention', 'sliding_attention', 'sliding_attention', 'full_attention',"
                + " 'full_attention', 'full_attention', 'sliding_attention'";

        assertThat(windows(modelType, "'sliding_window': 6, 'layer_types': [" + kinds + "]")).isEqualTo("0660006");
    }

    @Test
    void aPatternOfOtherLettersIsRefused() {
        assertThatThrownBy(() -> windows("exaone4", "'sliding_window_pattern': 'LLX'"))
                .isInstanceOf(ModelFileException.class).hasMessageContaining("\"LLX\"");
    }

    private String windows(String modelType, String keys) throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, modelType));
        var config = folder.resolve("config.json");
        String text = Files.readString(config).replace(", \"sliding_window\": 8", "");
        Files.writeString(config, text.replaceFirst("\"head_dim\"", keys.replace('\'', '"') + ", \"head_dim\""));
        try (var model = ModelLoader.open(folder)) {
            var layers = model.config().layers();
            long all = layers.stream().filter(layer -> layer.window() == 0).count();
            var summary = ModelLoader.inspect(folder, 0);
            assertThat(summary.cachedBytesOfAllPositions(16) * layers.size()).as("bytes of layers without a window")
                    .isEqualTo(summary.cachedBytes(16) * all);
            return model.config().layers().stream().map(layer -> Integer.toString(layer.window()))
                    .collect(Collectors.joining());
        }
    }
}
