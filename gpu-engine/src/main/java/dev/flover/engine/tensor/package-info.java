/// Numbers as a model file stores them.
///
/// ```
///   StoredTensor   name, type, rows, columns, bytes          one tensor of a file
///   TensorType     f32, f16, bf16, Q8_0, Q4_K ...            how its numbers are stored
///   Dequantiser    block of bytes ──► floats                 the meaning of those bytes
///   Matrix         ranges of rows of stored tensors          a weight as the model multiplies by it
/// ```
///
/// This package depends on no other package of the engine. It opens no files and computes no products.
@NullMarked
package dev.flover.engine.tensor;

import org.jspecify.annotations.NullMarked;
