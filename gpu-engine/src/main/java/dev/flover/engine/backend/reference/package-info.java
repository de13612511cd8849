/// The oracle: every verb as the plainest possible loop, in double, on one thread.
///
/// ```
///   weights   float[outputs][inputs], dequantised once
///   tensors   double[rows * columns]
///   cache     double[layer][block] of keys and of values, allocated when a block is first used
/// ```
///
/// The code follows the papers' formulas and is as fast as that allows. Other backends are tested against it. It can
/// run small models.
@NullMarked
package dev.flover.engine.backend.reference;

import org.jspecify.annotations.NullMarked;
