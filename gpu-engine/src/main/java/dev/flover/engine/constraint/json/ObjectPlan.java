package dev.flover.engine.constraint.json;

import java.util.List;

/// Objects of one kind.
///
/// @param names    JSON strings of the keys with a plan of their own, sorted by unsigned bytes
/// @param values   by name; null where the key may not be there
/// @param required by name, a bit
/// @param needs    by name, bits of the names that have to be there, too, with all that those need; null for none
/// @param classes  of all other keys; disjoint
/// @param min      keys, at least
/// @param max      keys, at most; -1 for no limit
/// @param spaced   whether white space may stand between tokens
public record ObjectPlan(
        byte[][] names, ValuePlan[] values, long[] required, long[][] needs, List<KeyClass> classes, int min, int max,
        boolean spaced) {}
