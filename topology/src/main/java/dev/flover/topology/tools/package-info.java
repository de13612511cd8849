/// Tools that a model may call: how it is forced to, and what it called.
///
/// ```
///   ToolFormats: what the model's chat template writes ──► ToolFormat, one of five
///   ToolUse (tools, choice) × ToolFormat ──► a constraint, where a call is forced
///   answer, its markup spelled × ToolFormat ──► ToolCalls
/// ```
///
/// A format is recognised by the call that the template writes in a conversation, not by names of models. It knows
/// nothing of Kafka or Avro.
package dev.flover.topology.tools;
