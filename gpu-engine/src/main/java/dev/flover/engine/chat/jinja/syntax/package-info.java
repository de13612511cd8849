/// Templates as trees.
///
/// ```
///   text ──► Lexer ──► segments of Tokens ──► Parser ──► Statements, with Expressions in them
/// ```
///
/// Knows nothing of values, and evaluates nothing.
package dev.flover.engine.chat.jinja.syntax;
