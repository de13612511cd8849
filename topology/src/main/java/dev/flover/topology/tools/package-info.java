/// Tools that a model may call: forces an answer to call them, and finds the calls in an answer.
///
/// ```
///   ToolFormats: what the model's chat template writes ──► ToolFormat, one of five
///   ToolUse (tools, choice) × ToolFormat ──► a constraint, where a call is forced
///   answer, its markup spelled × ToolFormat ──► ToolCalls
/// ```
///
/// A model's format is recognised by the call that its chat template writes in a conversation, not by the model's name.
/// The package knows nothing of Kafka or Avro.
@NullMarked
package dev.flover.topology.tools;

import org.jspecify.annotations.NullMarked;
