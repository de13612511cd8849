/// Compiles JSON Schema, as far as it is supported, to plans of values.
///
/// ```
///   SchemaDocument ──► Formula ──► Expansion ──► Values ──► Planner ──► ValuePlan
///    text, $id, $ref     not, and     keywords      strings, numbers: one language each
///                                     to sets       objects, arrays: alternatives, children as formulas
/// ```
///
/// A formula describes the value of one place: subschemas, joined by "and" and "not". [Expansion] turns it into
/// alternatives for that place alone, and leaves the children as formulas. So recursive schemas stay finite, and
/// `allOf`, `oneOf`, `not` and `if` are operations on sets of values rather than rules of a grammar. [Planner] visits
/// each reachable formula, determines which ones have any value, and keeps only those.
@NullMarked
package dev.flover.engine.constraint.schema;

import org.jspecify.annotations.NullMarked;
