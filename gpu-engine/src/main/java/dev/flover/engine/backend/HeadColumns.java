package dev.flover.engine.backend;

import dev.flover.engine.backend.Backend.HeadPlace;
import dev.flover.engine.backend.Backend.Tensor;

/// The consecutive columns of a tensor that hold heads: of the rows of queries, keys and values, all queries or all
/// keys.
///
/// @param first the column of the first head's first number
/// @param heads of one rank, where several ranks divide the heads among themselves
/// @param width of a head
public record HeadColumns(int first, int heads, int width) {
    /// Copies these columns to the same columns of another tensor.
    public void copy(Backend backend, Tensor out, Tensor in, int rows) {
        var place = new HeadPlace(width, first);
        backend.copyHeads(out, place, in, place, heads, width, rows);
    }
}
