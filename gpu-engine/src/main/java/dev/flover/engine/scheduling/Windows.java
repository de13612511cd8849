package dev.flover.engine.scheduling;

import dev.flover.engine.backend.SlabShape;

/// The sliding windows of a model's layers.
///
/// @param ofAll  the most positions that a row sees in any layer, its own included; 0 if a layer sees all
/// @param ofSome the most positions that a row sees in the layers that have a window, where other layers see all; 0 if
///               there are no such layers, or no others
/// @param shape  the division of memory among both kinds of layers
public record Windows(int ofAll, int ofSome, SlabShape shape) {
    /// All layers see all positions.
    static final Windows NONE = new Windows(0, 0, new SlabShape(1, 0));

    public Windows {
        if (ofSome > 0 == (shape.second() == 0)) {
            throw new IllegalArgumentException(
                    shape.second() + " layers of the second block table, and a window of " + ofSome);
        }
    }
}
