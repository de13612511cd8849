/// `up`, and what it shares with `demo` and `verify-delivery`: a pipeline, and what surrounds it.
///
/// ```
///   Servers          broker and registry: somebody's, or embedded
///   TemporaryFolder  for those that leave nothing behind: files and child processes end with it
///   LocalPipeline    model ──> Engine ──> Pipeline, started in order, stopped in reverse
///   MetricsServer    /metrics, /health and /ready on a loopback port
///   UpCommand        puts them together, says where everything is, waits for the order to stop
/// ```
///
/// Knows how things are started and stopped; what they do is in `topology`.
package dev.flover.app.pipeline;
