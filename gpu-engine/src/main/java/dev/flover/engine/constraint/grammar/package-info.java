/// Context-free grammars in GBNF, the notation of llama.cpp.
///
/// ```
///   GrammarReader ──► GrammarNode by rule ──► GrammarCompiler ──► cursors and frames of the machine
///                                              what is regular is one Regex; the rest is rules with a stack
/// ```
///
/// Left recursion is refused, as llama.cpp does: expanding a left-recursive rule before a byte is read would push
/// frames without end.
package dev.flover.engine.constraint.grammar;
