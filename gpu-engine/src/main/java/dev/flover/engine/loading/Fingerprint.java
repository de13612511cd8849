package dev.flover.engine.loading;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.MappedFile;
import dev.flover.engine.format.SafetensorsFolder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Identifies the content of a model without reading all of it: a SHA-256 digest over its metadata and over pieces of
/// each tensor, of which the first 8 bytes are kept.
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
        file.tensors().values().forEach(tensor -> fingerprint.addPieces(tensor.data()));
        return fingerprint.name();
    }

    static String of(Path folder, SafetensorsFolder tensors) {
        var fingerprint = new Fingerprint();
        for (String name : FolderModel.DESCRIPTIONS) {
            fingerprint.addFile(folder.resolve(name));
        }
        for (var file : tensors.files()) {
            fingerprint.addAll(file.headerBytes());
            file.data().forEach(fingerprint::addPieces);
        }
        return fingerprint.name();
    }

    private void addFile(Path file) {
        if (Files.exists(file)) {
            try (var arena = Arena.ofConfined()) {
                digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                addAll(MappedFile.map(file, arena).bytes());
            }
        }
    }

    private void addAll(MemorySegment bytes) {
        for (long at = 0; at < bytes.byteSize(); at += HASHED_AT_ONCE) {
            digest.update(bytes.asSlice(at, Math.min(HASHED_AT_ONCE, bytes.byteSize() - at)).asByteBuffer());
        }
    }

    /// Digests pieces that are spread evenly over a tensor, including its first and last bytes. The tensor's name, type
    /// and shape are part of the metadata.
    private void addPieces(MemorySegment data) {
        if (data.byteSize() <= PIECES * PIECE_BYTES) {
            addAll(data);
            return;
        }
        long last = data.byteSize() - PIECE_BYTES;
        for (int piece = 0; piece < PIECES; piece++) {
            long at = piece == PIECES - 1 ? last : last / (PIECES - 1) * piece;
            addAll(data.asSlice(at, PIECE_BYTES));
        }
        if (data.isMapped()) {
            data.unload(); // the system maps more than the pages that were read
        }
    }

    private String name() {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
