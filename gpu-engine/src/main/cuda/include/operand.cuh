// Activations are f32. Products on tensor cores read a 16-bit copy, which the kernel that wrote the f32 values wrote
// too; or they normalise the f32 values as they load them, and need the sums of squares that the writer left.
#pragma once

#include "norm.cuh"

/// An activation tensor [rows, columns] with its copies and sums; a pointer is null if nothing reads that array.
struct Tensor {
    float* values;
    uint16_t* half;
    uint16_t* bfloat;
    float* squares;    // [rows][normPieces(columns)]
};

__device__ __forceinline__ void store(const Tensor& tensor, size_t at, float value) {
    tensor.values[at] = value;
    if (tensor.half != nullptr) {
        tensor.half[at] = static_cast<uint16_t>(F16::pack(value, 0));
    }
    if (tensor.bfloat != nullptr) {
        tensor.bfloat[at] = static_cast<uint16_t>(Bf16::pack(value, 0));
    }
}

/// Stores a piece of a row, one column a lane, and its sum of squares. All lanes must call it; columns outside the row
/// are not stored.
__device__ __forceinline__ void storePiece(const Tensor& tensor, int row, int columns, int column, float value) {
    const bool inside = column < columns;
    if (inside) {
        store(tensor, static_cast<size_t>(row) * columns + column, value);
    }
    if (tensor.squares != nullptr) {
        float sum = warpSum(inside ? value * value : 0);
        if (inside && column % NORM_PIECE == 0) {
            tensor.squares[static_cast<size_t>(row) * normPieces(columns) + column / NORM_PIECE] = sum;
        }
    }
}
