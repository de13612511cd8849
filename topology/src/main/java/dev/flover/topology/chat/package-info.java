/// Conversations as prompts, the way the model was trained to read them.
///
/// ```
///   messages ──► MarkedConversation ──► ChatTemplate (the model's own Jinja, sandboxed) ──► text, marks
///                no text spells a special token                                              │
///                                                 special tokens parsed, then marks undone ──┴──► ids
/// ```
///
/// Rendering happens once, when a request is admitted; what is stored and resumed are the ids. It knows nothing of
/// Kafka or Avro.
package dev.flover.topology.chat;
