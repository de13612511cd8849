/// Tests of the HTTP bridge through its network interface.
///
/// ```
///   HttpStoryTest      client ──► bridges ──► broker ──► `up --embedded`     whole stories, also with SDKs
///   TopicBridgeTest    the test's records ──► broker ──► topics of a bridge  records that no pipeline writes on demand
///   HttpKillStoryTest  the same while pipeline, bridges and broker are killed
/// ```
package dev.flover.tests.http;
