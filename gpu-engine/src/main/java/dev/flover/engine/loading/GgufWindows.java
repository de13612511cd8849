package dev.flover.engine.loading;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.GgufValue;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Family;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The sliding windows of a model's layers, as the metadata of a GGUF file describes them.
record GgufWindows(GgufFile file, String architecture, Family family) {
    /// The number of positions that each layer attends to; 0 for all.
    ///
    /// @param headDim    the width of a head
    /// @param rotaryDims the dimensions of a head that are rotated
    /// @throws ModelFileException if the layers with a window have other widths than the other layers
    List<Integer> of(int layers, int headDim, int rotaryDims) {
        int window = family.ggufWindows()
                ? Math.max(file.metadata().integer(key("attention.sliding_window")).orElse(family.window()), 0)
                : 0;
        boolean[] slides = sliding(layers);
        var windows = new ArrayList<Integer>();
        for (int layer = 0; layer < layers; layer++) {
            windows.add(slides[layer] ? window : 0);
        }
        if (windows.stream().anyMatch(positions -> positions > 0)) {
            requireSame("attention.key_length_swa", headDim);
            requireSame("attention.value_length_swa", headDim);
            requireSame("rope.dimension_count_swa", rotaryDims);
        }
        return windows;
    }

    /// A warning if the file states a window and the family's layers have none.
    Optional<String> warning() {
        int stated = file.metadata().integer(key("attention.sliding_window")).orElse(0);
        return family.ggufWindows() || stated <= 0 ? Optional.empty()
                : Optional.of("metadata " + key("attention.sliding_window") + " is " + stated
                        + " and is ignored, because layers of this architecture have no window");
    }

    private boolean[] sliding(int layers) {
        String key = key("attention.sliding_window_pattern");
        boolean[] slides = new boolean[layers];
        if (file.metadata().value(key).orElse(null) instanceof GgufValue.Flags(boolean[] flags)) {
            if (flags.length < layers) {
                throw problem("has " + flags.length + " values in metadata " + key + " for " + layers + " layers");
            }
            System.arraycopy(flags, 0, slides, 0, layers);
            return slides;
        }
        int every = file.metadata().integer(key).orElse(family.fullAttentionEvery());
        for (int layer = 0; layer < layers; layer++) {
            slides[layer] = every < 1 || (layer + 1) % every != 0;
        }
        return slides;
    }

    private void requireSame(String key, int width) {
        int local = file.metadata().integer(key(key)).orElse(width);
        if (local != width) {
            throw problem("has metadata " + key(key) + " of " + local + ", and " + width
                    + " in layers without a window; different widths are not supported");
        }
    }

    private String key(String key) {
        return architecture + "." + key;
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(file.path(), problem);
    }
}
