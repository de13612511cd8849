/// Parses templates into trees.
///
/// ```
///   text ──► Lexer ──► segments of Tokens ──► Parser ──► Statements, with Expressions in them
/// ```
///
/// The package knows nothing of values, and evaluates nothing.
@NullMarked
package dev.flover.engine.chat.jinja.syntax;

import org.jspecify.annotations.NullMarked;
