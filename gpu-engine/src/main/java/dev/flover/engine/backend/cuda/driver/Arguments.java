package dev.flover.engine.backend.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Writes the one argument of a kernel, a C struct, field by field. One thread reuses it for all launches.
public final class Arguments {
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(512).order(ByteOrder.LITTLE_ENDIAN);

    public Arguments begin() {
        bytes.clear();
        return this;
    }

    public Arguments pointer(long address) {
        align();
        bytes.putLong(address);
        return this;
    }

    /// Writes a 64-bit number.
    public Arguments wide(long value) {
        return pointer(value);
    }

    public Arguments integer(int value) {
        bytes.putInt(value);
        return this;
    }

    public Arguments real(float value) {
        bytes.putFloat(value);
        return this;
    }

    public Arguments flag(boolean value) {
        return integer(value ? 1 : 0);
    }

    /// Writes a struct that is a field of the argument.
    public Arguments struct(Struct struct) {
        struct.writeTo(this);
        return this;
    }

    /// Pads to a multiple of 8 bytes, as C pads a struct that has a field of 8 bytes.
    public Arguments align() {
        if (bytes.position() % 8 != 0) {
            bytes.putInt(0);
        }
        return this;
    }

    /// The struct written so far, padded to a multiple of 8 bytes.
    public ByteBuffer bytes() {
        align();
        return bytes;
    }

    public int size() {
        align();
        return bytes.position();
    }

    /// A C struct, which a kernel takes as a field of its argument.
    public interface Struct {
        /// Writes the fields in their order.
        void writeTo(Arguments arguments);
    }
}
