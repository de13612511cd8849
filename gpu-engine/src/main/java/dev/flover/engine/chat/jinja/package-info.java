/// Interprets the part of Jinja2 that chat templates are written in, in a sandbox.
///
/// ```
///   template ──► syntax.Parser ──► Statement, Expression         read once; what cannot be read is refused by name
///                                            │
///   variables ──► Scope ──► Interpreter ─────┘──► text           Budget: steps, text, depth
///                               │
///                 Operators  Filters  Tests  Methods  Functions  what Python does with the same values
/// ```
///
/// Templates are rendered as Hugging Face's transformers renders them: `trim_blocks`, `lstrip_blocks`,
/// `raise_exception`, `strftime_now`, `tojson` without HTML escapes, `break` and `continue`; lists and dictionaries
/// cannot be changed. A template reaches nothing but the values that it is given: no Java object, no file, no
/// reflection. Missing on purpose: inheritance and inclusion, `do`, random choices, integers beyond 64 bits. An error
/// message names the line of the template.
///
/// The package knows nothing of chat.
@NullMarked
package dev.flover.engine.chat.jinja;

import org.jspecify.annotations.NullMarked;
