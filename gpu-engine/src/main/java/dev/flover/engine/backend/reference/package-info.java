/// The oracle: every verb as the plainest loop there is, in double, on one thread.
///
/// ```
///   weights   float[outputs][inputs], dequantised once
///   tensors   double[rows * columns]
///   cache     double[layer][block] of keys and of values, in memory from a block's first use on
/// ```
///
/// Reads like the papers and is as fast as that allows. Other backends are tested against it; a model small enough runs
/// on it.
package dev.flover.engine.backend.reference;
