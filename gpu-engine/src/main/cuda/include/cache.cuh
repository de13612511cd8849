// The paged KV cache: [block][layer][KV head][keys: tokens x width | values: width x tokens].
//
// Latent vectors are stored once: as the last numbers of keys, which are their values as well.
//
// Width is the head's width, padded with zeros to a width for which there is an attention kernel. Values are
// transposed, so that keys and values are both read as tensor-core fragments of 16 contiguous bytes a lane.
#pragma once

#include "device.cuh"

struct Cache {
    unsigned char* blocks;
    const int* tables;       // [homes][mostBlocks]
    int mostBlocks;
    int layers;
    int kvHeads;
    int headDim;
    int width;               // padded width of a head
    int blockTokens;         // a power of two, at least 8
    int tokenShift;          // log2(blockTokens)
    int latent;              // the width of latent vectors; 0 if values are stored beside keys

    /// The index of the first element of a block's keys, for a layer and KV head.
    __device__ __forceinline__ size_t keysOf(int block, int layer, int kvHead) const {
        return ((static_cast<size_t>(block) * layers + layer) * kvHeads + kvHead)
                * (latent > 0 ? 1 : 2) * blockTokens * width;
    }
    __device__ __forceinline__ int blockOf(int home, int position) const {
        return tables[static_cast<size_t>(home) * mostBlocks + (position >> tokenShift)];
    }
    __device__ __forceinline__ size_t keyAt(int home, int position, int layer, int kvHead) const {
        return keysOf(blockOf(home, position), layer, kvHead)
                + static_cast<size_t>(position & (blockTokens - 1)) * width;
    }
    /// The heads of keys and values in a row of queries, keys and values.
    __device__ __forceinline__ int storedHeads() const {
        return latent > 0 ? kvHeads : 2 * kvHeads;
    }
    /// The index of the value of dimension 0; the other dimensions follow `blockTokens` elements apart.
    __device__ __forceinline__ size_t valueAt(int home, int position, int layer, int kvHead) const {
        return keysOf(blockOf(home, position), layer, kvHead) + static_cast<size_t>(blockTokens) * width
                + (position & (blockTokens - 1));
    }
};
