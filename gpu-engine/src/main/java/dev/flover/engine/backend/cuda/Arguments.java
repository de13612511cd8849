package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Heads;
import dev.flover.engine.backend.Backend.Norm;
import dev.flover.engine.backend.KernelNumbers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Writes the one argument of a kernel, a C struct, field by field. One thread reuses it for all launches.
final class Arguments {
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(512).order(ByteOrder.LITTLE_ENDIAN);

    Arguments begin() {
        bytes.clear();
        return this;
    }

    Arguments pointer(long address) {
        align();
        bytes.putLong(address);
        return this;
    }

    /// Writes a 64-bit number.
    Arguments wide(long value) {
        return pointer(value);
    }

    Arguments integer(int value) {
        bytes.putInt(value);
        return this;
    }

    Arguments real(float value) {
        bytes.putFloat(value);
        return this;
    }

    Arguments flag(boolean value) {
        return integer(value ? 1 : 0);
    }

    /// Writes `struct Weight` of weight.cuh.
    Arguments weight(CudaWeight weight) {
        var shape = weight.shape();
        pointer(weight.values()).pointer(weight.scales());
        integer(shape.storage().number()).integer(shape.outputs()).integer(shape.inputs());
        return integer(shape.shards()).integer(shape.shardInputs()).integer(shape.shardChunks());
    }

    /// Writes `struct Tensor` of operand.cuh with the 16-bit copies that products read.
    Arguments tensor(CudaTensor tensor) {
        return pointer(tensor.values()).pointer(tensor.half()).pointer(tensor.bfloat()).pointer(0);
    }

    /// Writes `struct Tensor` with the sums of squares of its rows, if they are allocated, and without 16-bit copies.
    Arguments tensorWithSquares(CudaTensor tensor) {
        return pointer(tensor.values()).pointer(0).pointer(0).pointer(tensor.squares());
    }

    /// Writes `struct RowNorm` of project.cuh.
    ///
    /// @param norm null for none
    Arguments rowNorm(CudaTensor in, Norm norm) {
        if (norm == null) {
            return pointer(0).pointer(0).pointer(0).wide(0);
        }
        pointer(in.values()).pointer(in.squares()).pointer(CudaVector.addressOf(norm.weight())).real(norm.epsilon());
        align();
        return this;
    }

    /// Writes `struct HeadStore` of heads.cuh.
    ///
    /// @param heads null for none
    /// @param turns device address of the table of cosines and sines, 0 for none
    Arguments heads(CudaCache cache, Heads heads, long turns) {
        if (heads == null) {
            for (int i = 0; i < 10; i++) {
                wide(0);
            }
            return this;
        }
        var rotary = heads.rotary();
        return cache(cache).pointer(turns).integer(heads.layer()).integer(cache.shape().heads())
                .integer(rotary == null ? 0 : rotary.dims())
                .flag(rotary != null && KernelNumbers.isHalves(rotary.pairing()))
                .flag(cache.storage() == Storage.BF16).integer(0);
    }

    /// Writes `struct Cache` of cache.cuh.
    Arguments cache(CudaCache cache) {
        var shape = cache.shape();
        pointer(cache.blocks()).pointer(cache.tables());
        integer(cache.mostBlocks()).integer(shape.layers()).integer(shape.kvHeads()).integer(shape.headDim());
        integer(cache.width()).integer(shape.blockTokens());
        integer(Integer.numberOfTrailingZeros(shape.blockTokens()));
        align();
        return this;
    }

    /// The struct written so far, padded to a multiple of 8 bytes.
    ByteBuffer bytes() {
        align();
        return bytes;
    }

    int size() {
        align();
        return bytes.position();
    }

    private void align() {
        if (bytes.position() % 8 != 0) {
            bytes.putInt(0);
        }
    }
}
