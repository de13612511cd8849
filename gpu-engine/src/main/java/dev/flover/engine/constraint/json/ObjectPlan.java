package dev.flover.engine.constraint.json;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The objects that one alternative of a schema allows.
///
/// @param names    the keys with a plan of their own, as JSON strings, sorted by unsigned bytes
/// @param values   the plan of the value for each name; null if the object must not have this key
/// @param required one bit for each name: whether the object must have this key
/// @param needs    for each name, the bits of the names that must be present if it is, closed transitively; null for
///                 none
/// @param classes  the classes of all keys without a name of their own; disjoint
/// @param min      the fewest keys
/// @param max      the most keys; -1 for no limit
/// @param spaced   whether white space may stand between JSON tokens
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
public record ObjectPlan(
        byte[][] names, @Nullable ValuePlan[] values, long[] required, long[] @Nullable [] needs,
        List<KeyClass> classes, int min, int max, boolean spaced) {}
