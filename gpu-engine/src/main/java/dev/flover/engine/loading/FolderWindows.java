package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Family;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The sliding windows of a model's layers, as `config.json` describes them.
///
/// @param unrotated the layers without rotary positions, counted from 0
record FolderWindows(JsonFile config, Family family, Set<Integer> unrotated) {
    /// The number of positions that each layer attends to; 0 for all.
    List<Integer> of(int layers) {
        var kinds = kinds(layers);
        int window = Math.max(config.integer("sliding_window").orElse(0), 0);
        var windows = new ArrayList<Integer>();
        for (int layer = 0; layer < layers; layer++) {
            boolean local = kinds.isEmpty() ? slides(layer) : slides(kinds.get(layer));
            windows.add(local ? window : 0);
        }
        return windows;
    }

    /// `layer_types`; empty if the family does not have it or the file does not.
    private List<String> kinds(int layers) {
        boolean lists = switch (family.folderWindows()) {
            case NO_LAYER, EACH_LAYER, EACH_LAYER_IF_USED -> false;
            case LISTED, LISTED_OR_PATTERN, UPPER_LAYERS, ODD_LOWER_LAYERS, UNROTATED_LAYERS -> true;
        };
        var kinds = lists ? config.texts("layer_types") : List.<String>of();
        if (!kinds.isEmpty() && kinds.size() != layers) {
            throw problem("gives " + kinds.size() + " layer_types for " + layers + " layers");
        }
        return kinds;
    }

    private boolean slides(int layer) {
        return switch (family.folderWindows()) {
            case NO_LAYER -> false;
            case EACH_LAYER -> true;
            case EACH_LAYER_IF_USED -> used();
            case LISTED -> isBetween(layer, family.fullAttentionEvery());
            case LISTED_OR_PATTERN -> fitsPattern(layer);
            case UPPER_LAYERS -> used() && layer >= config.integer("max_window_layers").orElse(0);
            case ODD_LOWER_LAYERS ->
                used() && layer % 2 == 0 && layer < config.integer("max_window_layers").orElse(0);
            case UNROTATED_LAYERS -> used() && unrotated.contains(layer);
        };
    }

    private boolean used() {
        return config.flag("use_sliding_window").orElse(false);
    }

    private boolean fitsPattern(int layer) {
        if (!config.isText("sliding_window_pattern")) {
            return isBetween(layer, config.integer("sliding_window_pattern").orElse(family.fullAttentionEvery()));
        }
        String letters = config.text("sliding_window_pattern").orElse("");
        if (!letters.matches("[LG]+")) {
            throw problem("has the sliding_window_pattern \"" + letters + "\"; a number, or a word of the letters L"
                    + " (window) and G (all positions) expected");
        }
        return letters.charAt(layer % letters.length()) == 'L';
    }

    private static boolean isBetween(int layer, int fullEvery) {
        return fullEvery < 1 || (layer + 1) % fullEvery != 0;
    }

    private boolean slides(String kind) {
        return switch (kind) {
            case "sliding_attention" -> true;
            case "full_attention" -> false;
            default -> throw problem("has a layer of type \"" + kind
                    + "\", which is not supported; full_attention and sliding_attention are");
        };
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(config.path(), problem);
    }
}
