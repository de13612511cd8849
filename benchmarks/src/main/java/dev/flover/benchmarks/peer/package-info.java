/// Sends the same requests to llama.cpp's server and to a pipeline, in turn, and measures both as their clients see
/// them.
///
/// ```
///                      ┌─► LlamaServer        HTTP, streamed      a process that the user started
///   Workload, prompts ─┤
///                      ├─► FloverServer       topics, committed   engine, pipeline and broker, started for each turn
///                      └─► FloverHttpServer   HTTP, committed     the same with a bridge
///                               └──► Answers: the times of first and last tokens
/// ```
@NullMarked
package dev.flover.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
