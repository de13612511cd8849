package dev.flover.engine.loading.families;

/// Which layers of a family attend to a sliding window only, as `config.json` of a Hugging Face folder says. The rules
/// are those of the transformers library; a key that a rule does not name has no effect.
public enum WindowRule {
    /// None, whatever `sliding_window` says.
    NO_LAYER,
    /// All, if `sliding_window` is given.
    EACH_LAYER,
    /// All, if `use_sliding_window` is true.
    EACH_LAYER_IF_USED,
    /// Those that `layer_types` lists. Without that list, all but each n-th layer; the family says n.
    LISTED,
    /// As [#LISTED]; `sliding_window_pattern` can give another n, or a word with a letter for each layer: L for a
    /// window, G for all positions.
    LISTED_OR_PATTERN,
    /// Those that `layer_types` lists. Without that list, the layers from `max_window_layers` on, if
    /// `use_sliding_window` is true.
    UPPER_LAYERS,
    /// Those that `layer_types` lists. Without that list, the first, third, fifth layer and so on below
    /// `max_window_layers`, if `use_sliding_window` is true.
    ODD_LOWER_LAYERS,
    /// Those that `layer_types` lists. Without that list, the layers without rotary positions, if `use_sliding_window`
    /// is true.
    UNROTATED_LAYERS
}
