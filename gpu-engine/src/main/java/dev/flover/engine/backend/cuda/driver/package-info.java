/// The calls of the CUDA driver that the backend makes.
///
/// ```
///   Driver ◄── JCudaDevice ──► DriverLibrary: finds the driver of this machine
///     ▲
///     └ launch(kernel, Arguments): the one argument of a kernel, a C struct, written field by field
/// ```
///
/// This package knows nothing of tensors, weights and steps.
@NullMarked
package dev.flover.engine.backend.cuda.driver;

import org.jspecify.annotations.NullMarked;
