package dev.flover.engine.backend.cpu;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;

/// The layout of a file with packed weights.
///
/// ```
///   0      header   magic, version, size of a checked piece, bytes of the file, where the index begins, its bytes and
///                   its CRC-32C, CRC-32C of the header; little-endian, the rest of the page is 0
///   4096   weights  one piece of memory for each matrix
///          index    name of the weights, key and place of each matrix, CRC-32C of each checked piece
/// ```
///
/// The header is written last, so a file without it is half written.
///
/// @param places where each matrix begins in the file, and its bytes, by its key
/// @param sums   CRC-32C of each [#PIECE] bytes before the index
record PackedFile(String name, Map<String, Place> places, int[] sums) {
    /// Where the first matrix begins.
    static final long BEGIN = 4096;
    private static final String MAGIC = "flover-w";
    private static final int PIECE = 4 << 20;
    private static final int HEADER = 48;
    private static final int CHECKED_HEADER = 40;

    record Place(long at, long bytes) {}

    /// The file is not one of packed weights, so it must not be replaced.
    static final class ForeignFileException extends IOException {
        private static final long serialVersionUID = 1;

        ForeignFileException(Path file) {
            super(file + " is not a file of packed weights; remove it, or choose another folder");
        }
    }

    /// The file is damaged, half written or written by another version, so it can be replaced.
    static final class DamagedFileException extends IOException {
        private static final long serialVersionUID = 1;

        DamagedFileException(String problem) {
            super(problem);
        }
    }

    /// Reads the header and the index, and compares all bytes of the file with their checksums.
    ///
    /// @param name    the name that the file must have in its index
    /// @param all     the whole file, mapped
    /// @param workers read the file, which brings it into memory
    static PackedFile read(Path file, String name, MemorySegment all, Workers workers) throws IOException {
        byte[] magic = all.asSlice(0, Math.min(all.byteSize(), MAGIC.length())).toArray(ValueLayout.JAVA_BYTE);
        if (Arrays.equals(magic, new byte[magic.length])) {
            throw new DamagedFileException("it was not written to the disk");
        }
        if (!MAGIC.equals(new String(magic, StandardCharsets.US_ASCII))) {
            throw new ForeignFileException(file);
        }
        if (all.byteSize() < BEGIN) {
            throw new DamagedFileException("it has " + all.byteSize() + " bytes, which is less than its header");
        }
        var header = all.asSlice(0, HEADER).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long end = header.getLong(16);
        long index = header.getLong(24);
        int indexBytes = header.getInt(32);
        if (header.getInt(8) != Packer.VERSION || header.getInt(12) != PIECE
                || sum(all.asSlice(0, CHECKED_HEADER)) != header.getInt(CHECKED_HEADER)) {
            throw new DamagedFileException("its header is damaged or of another version");
        }
        if (all.byteSize() != end || index < BEGIN || indexBytes < 0 || index + indexBytes != end) {
            throw new DamagedFileException("it has " + all.byteSize() + " bytes; expected " + end);
        }
        var packedIndex = all.asSlice(index, indexBytes);
        if (sum(packedIndex) != header.getInt(36)) {
            throw new DamagedFileException("the checksum of its index is wrong");
        }
        var read = index(packedIndex.toArray(ValueLayout.JAVA_BYTE));
        if (!read.name.equals(name)) {
            throw new DamagedFileException("it belongs to " + read.name + ", not to " + name);
        }
        read.check(all.asSlice(0, index), workers);
        return read;
    }

    private static PackedFile index(byte[] bytes) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            String name = in.readUTF();
            var places = new LinkedHashMap<String, Place>();
            for (int i = in.readInt(); i > 0; i--) {
                places.put(in.readUTF(), new Place(in.readLong(), in.readLong()));
            }
            var sums = new int[in.readInt()];
            for (int i = 0; i < sums.length; i++) {
                sums[i] = in.readInt();
            }
            return new PackedFile(name, places, sums);
        }
    }

    private void check(MemorySegment weights, Workers workers) throws IOException {
        int[] found = sums(weights, workers);
        for (int i = 0; i < Math.max(found.length, sums.length); i++) {
            if (found.length != sums.length || found[i] != sums[i]) {
                throw new DamagedFileException("the checksum of its bytes from " + (long) i * PIECE + " on is wrong");
            }
        }
    }

    /// Completes a file whose weights have been written: adds the index, then the header.
    ///
    /// @param end where the last matrix ends
    static void complete(FileChannel channel, String name, Map<String, Place> places, long end, Workers workers)
            throws IOException {
        channel.truncate(end);
        int[] sums;
        try (var arena = Arena.ofShared()) {
            sums = sums(channel.map(MapMode.READ_ONLY, 0, end, arena), workers);
        }
        byte[] index = index(new PackedFile(name, places, sums));
        write(channel, ByteBuffer.wrap(index), end);
        var header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.put(MAGIC.getBytes(StandardCharsets.US_ASCII)).putInt(Packer.VERSION).putInt(PIECE)
                .putLong(end + index.length).putLong(end).putInt(index.length)
                .putInt(sum(MemorySegment.ofArray(index)));
        header.putInt(sum(MemorySegment.ofArray(header.array()).asSlice(0, CHECKED_HEADER)));
        write(channel, header.clear(), 0);
    }

    private static byte[] index(PackedFile file) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeUTF(file.name);
            out.writeInt(file.places.size());
            for (var place : file.places.entrySet()) {
                out.writeUTF(place.getKey());
                out.writeLong(place.getValue().at);
                out.writeLong(place.getValue().bytes);
            }
            out.writeInt(file.sums.length);
            for (int sum : file.sums) {
                out.writeInt(sum);
            }
        }
        return bytes.toByteArray();
    }

    /// Writes a whole buffer.
    static void write(FileChannel channel, ByteBuffer buffer, long at) throws IOException {
        while (buffer.hasRemaining()) {
            at += channel.write(buffer, at);
        }
    }

    /// The sums of all pieces, without the header, which has a sum of its own.
    private static int[] sums(MemorySegment weights, Workers workers) throws IOException {
        var unreadable = new AtomicBoolean();
        var sums = new int[Math.toIntExact(Math.ceilDiv(weights.byteSize(), PIECE))];
        workers.run((piece, _) -> {
            long first = Math.max(BEGIN, (long) piece * PIECE);
            long end = Math.min(weights.byteSize(), (long) (piece + 1) * PIECE);
            var bytes = weights.asSlice(first, Math.max(0, end - first));
            if (FilePages.read(bytes) == FilePages.Result.FAILED) {
                unreadable.set(true);
            } else {
                sums[piece] = sum(bytes);
            }
        }, sums.length);
        if (unreadable.get()) {
            throw new DamagedFileException("it was cut while it was read, or its disk has failed");
        }
        return sums;
    }

    private static int sum(MemorySegment bytes) {
        var sum = new CRC32C();
        sum.update(bytes.asByteBuffer());
        return (int) sum.getValue();
    }
}
