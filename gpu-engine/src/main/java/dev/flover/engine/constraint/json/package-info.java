/// JSON values as cursors and frames of the machine.
///
/// ```
///   ValuePlan ──┬─ scalars: one Dfa for all strings, numbers, true, false, null
///               ├─ ObjectPlan ... ──► ObjectState ( which keys are there ) ──► a ValuePlan for each key
///               └─ ArrayPlan  ... ──► ArrayState  ( how many items )       ──► a ValuePlan for each item
/// ```
///
/// A schema becomes plans: alternatives that contain no conjunction or negation, each of them satisfiable. The keys of
/// an object may come in any order. The object's state holds the set of keys that are present, so required keys,
/// dependent keys and counts are exact in any order, and no key comes twice.
@NullMarked
package dev.flover.engine.constraint.json;

import org.jspecify.annotations.NullMarked;
