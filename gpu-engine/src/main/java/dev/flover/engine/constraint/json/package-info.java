/// JSON values as cursors and frames of the machine.
///
/// ```
///   ValuePlan ──┬─ scalars: one Dfa for all strings, numbers, true, false, null
///               ├─ ObjectPlan ... ──► ObjectState ( which keys are there ) ──► a ValuePlan for each key
///               └─ ArrayPlan  ... ──► ArrayState  ( how many items )       ──► a ValuePlan for each item
/// ```
///
/// Plans are what a schema becomes: alternatives without any "and" or "not" between them, each of them satisfiable.
/// Keys may come in any order; which are there is a set in the object's state, so that required keys, dependent keys
/// and counts are exact in any order, and no key comes twice.
package dev.flover.engine.constraint.json;
