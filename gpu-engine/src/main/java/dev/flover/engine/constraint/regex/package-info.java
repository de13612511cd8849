/// Regular languages over bytes, by derivatives (Brzozowski 1964; Owens, Reppy and Turon 2009).
///
/// ```
///   PatternReader ( ECMA-262 ) ──► Regex ──► Dfa ──► state × byte ──► state        ( built lazily )
///   Numbers, Alphabet.JSON     ──►   └─ with intersection and complement, closed forms for bounds and multiples
/// ```
///
/// Every state that a [Dfa] returns is live: some text leads from it to acceptance. If deciding this would take too
/// many states or too large expressions, a [TooComplexException] is thrown. Limits are counts of work, not times.
///
/// This package knows nothing of tokens and nothing of JSON Schema.
@NullMarked
package dev.flover.engine.constraint.regex;

import org.jspecify.annotations.NullMarked;
