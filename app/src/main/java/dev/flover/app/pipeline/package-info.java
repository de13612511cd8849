/// The command `up`, and the parts that `demo` and `verify-delivery` share with it: a pipeline and its surroundings.
///
/// ```
///   Servers          broker and registry: running elsewhere, or embedded
///   TemporaryFolder  a folder that is deleted at the end, with the child processes that use it
///   LocalPipeline    model ──> Engine ──> Pipeline, started in order, stopped in reverse
///   MetricsServer    /metrics, /health and /ready on a loopback port
///   UpCommand        starts them, prints the addresses, waits for the signal to stop
/// ```
///
/// Knows how things are started and stopped; the pipeline's work is in `topology`.
@NullMarked
package dev.flover.app.pipeline;

import org.jspecify.annotations.NullMarked;
