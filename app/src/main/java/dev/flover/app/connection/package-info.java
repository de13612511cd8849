/// Where Kafka and the schema registry are, and which pipeline's topics are meant.
///
/// ```
///   settings > what a running `up` wrote down (RunningPipeline) > localhost      ──> ClientTarget
/// ```
///
/// Knows addresses, topics and client properties, and whether anybody answers there; not what is said.
package dev.flover.app.connection;
