/// A Kafka cluster of one, and a schema registry, for whoever has none: the demo, `up --embedded`, and tests.
///
/// ```
///   this process                         child process
///   ┌──────────────────┐   stdin/stdout  ┌──────────────────────────┐
///   │ EmbeddedBroker   │ ══════════════► │ BrokerProcess            │
///   │                  │ order to stop,  │ Kafka's own server,      │
///   │                  │ or end of stdin │ broker and controller    │
///   │ EmbeddedRegistry │                 └──────────────────────────┘
///   │   RegistryApi    │
///   │   SchemaStore    │   both listen on 127.0.0.1 only
///   └──────────────────┘   and keep everything in a folder they are given
/// ```
///
/// The broker is a process of its own because a crash test must be able to kill it, and because its heap and its
/// garbage are then not the engine's. It ends with the process that started it, however that one ends.
///
/// Knows nothing of generations: topics and schemas are made by whoever uses it.
package dev.flover.app.embedded;
