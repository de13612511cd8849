package dev.flover.topology.records;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.ContentForm;
import dev.flover.schemas.serdes.FirstForm;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.apache.avro.generic.IndexedRecord;

/// A digest of a request's content in 16 bytes (the first half of SHA-256). It is equal for a duplicate, whichever
/// schema the producer used and whichever schema this release knows.
public final class RequestDigest {
    private static final int BYTES = 16;

    private RequestDigest() {}

    /// The digest of a request.
    ///
    /// @param request with all fields of its record
    public static ByteBuffer of(IndexedRecord request) {
        return of(ContentForm.of(request));
    }

    /// The digest as the first releases computed it, which depended on the schema. Stored state may still hold such
    /// digests.
    public static ByteBuffer firstForm(GenerationRequest request) {
        return of(FirstForm.of(request));
    }

    public static ByteBuffer of(byte[] content) {
        return of(ByteBuffer.wrap(content));
    }

    public static ByteBuffer of(ByteBuffer content) {
        try {
            var hash = MessageDigest.getInstance("SHA-256");
            hash.update(content.duplicate());
            return ByteBuffer.wrap(Arrays.copyOf(hash.digest(), BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
