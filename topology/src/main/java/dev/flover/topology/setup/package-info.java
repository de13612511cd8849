/// What has to be there before Kafka Streams begins: topics, schemas, a consumer group, a folder of its own.
///
/// ```
///   Pipeline ──► Preparation ──► Topics, GroupMembers, Orders
///            ──► Registry        schemas and serdes
///            ──► InstanceFolder  the process's name, and how its last life ended
/// ```
///
/// May wait for the world; nothing here runs on the stream thread.
package dev.flover.topology.setup;
