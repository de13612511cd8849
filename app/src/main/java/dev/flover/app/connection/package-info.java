/// Where Kafka and the schema registry are.
///
/// ```
///   options > environment > what a running `up` wrote down (RunningPipeline) > localhost      ──> Connection
/// ```
///
/// Knows addresses and client properties, and whether anybody answers there; not what is said.
package dev.flover.app.connection;
