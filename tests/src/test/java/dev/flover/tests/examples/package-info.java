/// The examples and the client for Java 17, against one pipeline that all classes of this package share.
///
/// ```
///   RunningPipeline: `up --embedded --http 0 --output json`
///        ▲
///   ExamplesStoryTest, SubmitStoryTest, ClientStoryTest, ClientTopicsTest (topics of its own, without a pipeline)
/// ```
package dev.flover.tests.examples;
