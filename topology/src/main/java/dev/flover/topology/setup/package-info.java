/// Prepares everything that Kafka Streams needs before it starts: topics, schemas, the consumer group, and a local
/// folder.
///
/// ```
///   Pipeline ──► Preparation ──► Topics, GroupMembers, Orders
///            ──► Registry        schemas and serdes
///            ──► InstanceFolder  the process's name, and how its last life ended
/// ```
///
/// The code of this package may wait for the cluster and the registry; none of it runs on the stream thread.
@NullMarked
package dev.flover.topology.setup;

import org.jspecify.annotations.NullMarked;
