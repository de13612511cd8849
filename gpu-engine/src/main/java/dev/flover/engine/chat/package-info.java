/// Writes conversations as prompts, in the form that the model was trained to read.
///
/// ```
///   messages ──► MarkedConversation ──► ChatTemplate (the model's own Jinja, sandboxed) ──► text, marks
///                no text spells a special token                                              │
///                                                 special tokens parsed, then marks undone ──┴──► ids
/// ```
///
/// A conversation is rendered once, when its request is admitted; the stored and resumed form of the prompt is its
/// token ids. The package knows nothing of Kafka or Avro.
@NullMarked
package dev.flover.engine.chat;

import org.jspecify.annotations.NullMarked;
