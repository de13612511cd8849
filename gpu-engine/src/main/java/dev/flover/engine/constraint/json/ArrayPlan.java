package dev.flover.engine.constraint.json;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The arrays that one alternative of a schema allows.
///
/// @param prefix   the ways to fill the first places, by index
/// @param rest     the ways to fill all places after the prefix
/// @param min      the fewest items
/// @param max      the most items; -1 for no limit
/// @param contains the limits on how many items match each subschema of `contains`
/// @param unique   the possible texts of an item if all items must differ, in which case items are scalars; else null
/// @param spaced   whether white space may stand between JSON tokens
public record ArrayPlan(
        List<List<Way>> prefix, List<Way> rest, int min, int max, List<Count> contains, @Nullable TextPlan unique,
        boolean spaced) {
    /// One way to fill a place of the array.
    ///
    /// @param counted bit i is set if such an item counts towards `contains[i]`
    public record Way(ValuePlan value, int counted) {}

    /// The limits on the number of items that match a subschema.
    ///
    /// @param max -1 for no limit
    public record Count(int min, int max) {}

    List<Way> ways(int index) {
        return index < prefix.size() ? prefix.get(index) : rest;
    }
}
