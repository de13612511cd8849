/// The same requests to llama.cpp's server and to a pipeline, in turn, as a client of each sees them.
///
/// ```
///                      ┌─► LlamaServer      HTTP, streamed        a process that somebody started
///   Workload, prompts ─┤
///                      └─► FloverServer     topics, committed     engine, pipeline and broker, started for each turn
///                               └──► Answers: the times of first and last tokens
/// ```
package dev.flover.benchmarks.peer;
