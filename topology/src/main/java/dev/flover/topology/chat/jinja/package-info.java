/// The part of Jinja2 that chat templates are written in, interpreted in a sandbox.
///
/// ```
///   template ──► Lexer ──► Parser ──► Statement, Expression      read once; what cannot be read is refused by name
///                                            │
///   variables ──► Scope ──► Interpreter ─────┘──► text           Budget: steps, text, depth
///                               │
///                 Operators  Filters  Tests  Methods  Functions  what Python does with the same values
/// ```
///
/// Rendered as Hugging Face does: `trim_blocks`, `lstrip_blocks`, `raise_exception`, `strftime_now`, `tojson` without
/// HTML escapes, `break` and `continue`; lists and dictionaries cannot be changed. A template sees nothing but the
/// values that it is given: no Java object, no file, no reflection. Missing on purpose: inheritance and inclusion,
/// `do`, random choices, integers beyond 64 bits. What goes wrong is said with its line.
///
/// It knows nothing of chat.
package dev.flover.topology.chat.jinja;
