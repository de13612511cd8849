// Activations are f32; products on tensor cores read a 16-bit copy, written by whoever wrote the f32, or normalise the
// f32 as they load it: then its writer left the sums of squares of its rows.
#pragma once

#include "norm.cuh"

/// An activation tensor [rows, columns] and what is kept beside it; null where it is not wanted.
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

/// Stores a piece of a row, a column a lane, with its sum of squares. All lanes call it; columns beyond the row's are
/// left out.
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
