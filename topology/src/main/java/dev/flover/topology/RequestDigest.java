package dev.flover.topology;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.DurableSerde;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.TreeMap;

/// A request's content in 16 bytes: equal for a duplicate, whatever schema version its producer wrote it with.
final class RequestDigest {
    private static final int BYTES = 16;
    private static final DurableSerde<GenerationRequest> CANONICAL = DurableSerde.of(GenerationRequest.class);

    private RequestDigest() {}

    static ByteBuffer of(GenerationRequest request) {
        if (request.getMetadata().size() < 2) {
            return of(CANONICAL.encode(request));
        }
        var sorted = GenerationRequest.newBuilder(request).setMetadata(new TreeMap<>(request.getMetadata())).build();
        return of(CANONICAL.encode(sorted));
    }

    static ByteBuffer of(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return ByteBuffer.wrap(Arrays.copyOf(hash, BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
