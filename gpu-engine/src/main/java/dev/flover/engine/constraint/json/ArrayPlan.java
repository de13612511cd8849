package dev.flover.engine.constraint.json;

import java.util.List;

/// Arrays of one kind.
///
/// @param prefix   the ways to fill the first places, by index
/// @param rest     the ways to fill all others
/// @param min      items, at least
/// @param max      items, at most; -1 for no limit
/// @param contains what is counted among the items
/// @param unique   the texts of the items where no two may be alike, which are scalars then; else null
/// @param spaced   whether white space may stand between tokens
public record ArrayPlan(
        List<List<Way>> prefix, List<Way> rest, int min, int max, List<Count> contains, TextPlan unique,
        boolean spaced) {
    /// A way to fill a place.
    ///
    /// @param counted a bit for each of `contains` in which the item counts
    public record Way(ValuePlan value, int counted) {}

    /// How many items of a kind there are.
    ///
    /// @param max -1 for no limit
    public record Count(int min, int max) {}

    List<Way> ways(int index) {
        return index < prefix.size() ? prefix.get(index) : rest;
    }
}
