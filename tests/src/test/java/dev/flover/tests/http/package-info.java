/// The HTTP bridge, asked from outside.
///
/// ```
///   HttpStoryTest      client ──► bridges ──► broker ──► `up --embedded`     whole stories, also by SDKs
///   TopicBridgeTest    a script's records ──► broker ──► topics of a bridge  what no pipeline does on command
///   HttpKillStoryTest  the same while pipeline, bridges and broker are killed
/// ```
package dev.flover.tests.http;
