package dev.flover.engine.backend;

import java.util.Set;

/// The layers of a cache whose blocks are numbered apart from those of the other layers, because they see the last
/// positions only, while the others see all.
///
/// ```
///   layer        0     1     2     3     4     5           0: sees all positions; the others have a window
///   table        0     1     1     1     1     1           which of a slot's block tables the layer reads
/// ```
///
/// Where all layers have a window, or none, there is one block table, and no layer is in this set.
///
/// The blocks of both tables share the memory of the cache, as [SlabShape] describes.
///
/// @param layers the numbers of these layers
public record WindowedLayers(Set<Integer> layers) {
    /// No layer.
    public static final WindowedLayers NONE = new WindowedLayers(Set.of());

    public WindowedLayers {
        layers = Set.copyOf(layers);
    }
}
