package dev.flover.engine.format;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Names the content of a model without reading all of it: a digest over its metadata and over pieces of each tensor.
final class Fingerprint {
    private static final int PIECES = 8;
    private static final int PIECE_BYTES = 512;
    private static final int HASHED_AT_ONCE = 1 << 20;

    private final MessageDigest digest;

    private Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java runtime has SHA-256", e);
        }
    }

    static String of(GgufFile file) {
        var fingerprint = new Fingerprint();
        file.headers().forEach(fingerprint::addAll);
        file.tensors().values().forEach(fingerprint::addPieces);
        return fingerprint.name();
    }

    private void addAll(MemorySegment bytes) {
        for (long at = 0; at < bytes.byteSize(); at += HASHED_AT_ONCE) {
            digest.update(bytes.asSlice(at, Math.min(HASHED_AT_ONCE, bytes.byteSize() - at)).asByteBuffer());
        }
    }

    /// Pieces spread evenly over the tensor, the first and the last bytes among them.
    private void addPieces(StoredTensor tensor) {
        digest.update((tensor.name() + tensor.type()).getBytes(StandardCharsets.UTF_8));
        digest.update(ByteBuffer.allocate(8).putInt(tensor.rows()).putInt(tensor.columns()).flip());
        var data = tensor.data();
        if (data.byteSize() <= PIECES * PIECE_BYTES) {
            addAll(data);
            return;
        }
        long last = data.byteSize() - PIECE_BYTES;
        for (int piece = 0; piece < PIECES; piece++) {
            long at = last / (PIECES - 1) * piece;
            addAll(data.asSlice(piece == PIECES - 1 ? last : at, PIECE_BYTES));
        }
    }

    private String name() {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
