// Activations are f32; products on tensor cores read a 16-bit copy, written by whoever wrote the f32.
#pragma once

#include "device.cuh"

/// An activation tensor [rows, columns] and its 16-bit copies; a null copy is not wanted.
struct Tensor {
    float* values;
    uint16_t* half;
    uint16_t* bfloat;
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
