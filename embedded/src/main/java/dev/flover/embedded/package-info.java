/// A Kafka cluster with one broker, and a schema registry: for the demo, for `up --embedded`, and for tests.
///
/// ```
///   this process                         child process, with a class path of its own
///   ┌──────────────────┐   stdin/stdout  ┌──────────────────────────┐
///   │ EmbeddedBroker   │ ══════════════► │ broker.BrokerProcess     │
///   │                  │ order to stop,  │ Kafka's own server,      │
///   │                  │ or end of stdin │ broker and controller    │
///   │ EmbeddedRegistry │                 └──────────────────────────┘
///   │   RegistryApi    │
///   │   SchemaStore    │   both listen on 127.0.0.1 only
///   └──────────────────┘   and store everything in a given folder
/// ```
///
/// The broker is a process of its own because a crash test must be able to kill it, and because its heap and its
/// garbage collections are then separate from the engine's. It stops when the process that started it ends, also if
/// that was killed. Its libraries, Scala among them, are on the class path of the child alone.
///
/// Knows nothing of generations: its users create the topics and schemas.
@NullMarked
package dev.flover.embedded;

import org.jspecify.annotations.NullMarked;
