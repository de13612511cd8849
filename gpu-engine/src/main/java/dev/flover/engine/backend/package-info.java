/// The seam between the model and a device.
///
/// ```
///   Transformer ──verbs──► Backend ◄── reference   plain loops in double: the oracle
///        ▲                         ◄── cpu         vectors and threads of the host
///   StepPlan                       ◄── cuda        kernels of a GPU
/// ```
///
/// A verb enqueues; there is one synchronisation a step. `engine.Backends` determines which backends work on this
/// machine, and why the others do not. A backend that stands before another one, as that of a rank does, is a
/// `ForwardingBackend`.
///
/// The package knows nothing of requests, of files, or of which sequences share a step: a plan is rows, slots and
/// blocks.
@NullMarked
package dev.flover.engine.backend;

import org.jspecify.annotations.NullMarked;
