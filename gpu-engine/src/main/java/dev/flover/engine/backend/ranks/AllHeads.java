package dev.flover.engine.backend.ranks;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.HeadPlace;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.HeadColumns;
import java.util.List;

/// The heads of all ranks, in tensors that have each head once, in the model's order.
///
/// Ranks with fewer key heads than query heads may have copies of a head. One after another, the heads of all ranks are
/// the heads of the model, each `copies` times:
///
/// ```
///   of ranks     0 0 1 | 1 2 2        three heads, two ranks with three heads each, two copies
///   all heads    0 1 2
/// ```
///
/// @param own   where a rank's heads are in its own tensor, which are the same columns on all ranks
/// @param ranks how many ranks there are
/// @param heads how many heads there are, without copies
public record AllHeads(HeadColumns own, int ranks, int heads) {
    /// How often each head is on a rank.
    public int copies() {
        return ranks * own.heads() / heads;
    }

    /// The first place of a head among the heads of the ranks, one rank after another.
    int place(int head) {
        return head * copies();
    }

    /// The head that is number `index` of a rank.
    int head(int rank, int index) {
        return (rank * own.heads() + index) / copies();
    }

    /// Copies the heads from the tensors of all ranks.
    ///
    /// @param all [rows, heads * width], overwritten
    void collect(Backend backend, Tensor all, List<Tensor> parts, int rows) {
        int width = own.width();
        int together = copies() == 1 ? own.heads() : 1;
        for (int head = 0; head < heads; head += together) {
            int place = place(head);
            var from = new HeadPlace(width, own.first() + place % own.heads() * width);
            backend.copyHeads(all, new HeadPlace(width, head * width), parts.get(place / own.heads()), from, together,
                    width, rows);
        }
    }

    /// Copies the heads of one rank back to its own tensor.
    public void giveBack(Backend backend, Tensor out, Tensor all, int rank, int rows) {
        int width = own.width();
        int together = copies() == 1 ? own.heads() : 1;
        for (int i = 0; i < own.heads(); i += together) {
            backend.copyHeads(out, new HeadPlace(width, own.first() + i * width), all,
                    new HeadPlace(width, head(rank, i) * width), together, width, rows);
        }
    }
}
