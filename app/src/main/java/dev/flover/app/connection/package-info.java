/// Finds the addresses of Kafka and of the schema registry, and the topics of the pipeline that the user means.
///
/// ```
///   settings > file written by a running `up` (RunningPipeline) > localhost      ──> ClientTarget
/// ```
///
/// Knows addresses, topics and client properties, and whether a server accepts connections; knows nothing of records.
@NullMarked
package dev.flover.app.connection;

import org.jspecify.annotations.NullMarked;
