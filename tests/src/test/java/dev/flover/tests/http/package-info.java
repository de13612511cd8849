/// Tests of the HTTP bridge through its network interface.
///
/// ```
///   HttpStoryTest      client ──► bridges ──► broker ──► `up --embedded`     whole stories, also with SDKs
///   TopicBridgeTest    the test's records ──► broker ──► topics of a bridge  records that no pipeline writes on demand
///   DurableStreamsTest a conformance suite ──► topics, bridge ──► broker     reading by the Durable Streams protocol
///   HttpKillStoryTest  the same while pipeline, bridges and broker are killed
/// ```
package dev.flover.tests.http;
