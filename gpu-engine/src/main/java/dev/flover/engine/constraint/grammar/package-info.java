/// Context-free grammars in GBNF, the notation of llama.cpp.
///
/// ```
///   GrammarReader ──► GrammarNode by rule ──► GrammarCompiler ──► cursors and frames of the machine
///                                              regular parts become one Regex, the rest rules with a stack
/// ```
///
/// Left recursion is refused, as llama.cpp does: expanding a left-recursive rule before a byte is read would push
/// frames without end.
@NullMarked
package dev.flover.engine.constraint.grammar;

import org.jspecify.annotations.NullMarked;
