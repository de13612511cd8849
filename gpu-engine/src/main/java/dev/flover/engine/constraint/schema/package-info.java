/// JSON Schema, as far as it is supported, to plans of values.
///
/// ```
///   SchemaDocument ──► Formula ──► Expansion ──► Values ──► Planner ──► ValuePlan
///    text, $id, $ref     not, and     keywords      strings, numbers: one language each
///                                     to sets       objects, arrays: alternatives, children as formulas
/// ```
///
/// A formula names the values of one place: subschemas, joined by "and" and "not". [Expansion] turns it into
/// alternatives at that place alone, and leaves the formulas of its children as they are; so recursive schemas are
/// finite, and `allOf`, `oneOf`, `not` and `if` are sets of values rather than rules of a grammar. [Planner] visits
/// each formula that can be reached, finds out which ones have any value, and keeps those.
package dev.flover.engine.constraint.schema;
