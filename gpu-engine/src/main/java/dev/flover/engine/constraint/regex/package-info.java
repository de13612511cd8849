/// Regular languages over bytes, by derivatives (Brzozowski 1964; Owens, Reppy and Turon 2009).
///
/// ```
///   PatternReader ( ECMA-262 ) ──► Regex ──► Dfa ──► state × byte ──► state        ( built as it is asked for )
///   NumberLanguage, JsonStrings ──►   └─ with intersection and complement, closed forms for bounds and multiples
/// ```
///
/// Every state that a [Dfa] hands out is live: some text leads from it to acceptance. What would take too many states
/// or too large expressions to find out is a [TooComplexException]; work is counted, never timed.
///
/// It knows nothing of tokens, and nothing of JSON Schema.
package dev.flover.engine.constraint.regex;
