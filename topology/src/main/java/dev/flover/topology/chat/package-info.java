/// Conversations as prompts, the way the model was trained to read them.
///
/// ```
///   messages ──► ChatTemplate (the model's own Jinja, sandboxed) ──► text ──► ids, special tokens parsed
/// ```
///
/// Rendering happens once, when a request is admitted; what is stored and resumed are the ids. It knows nothing of
/// Kafka or Avro.
package dev.flover.topology.chat;
