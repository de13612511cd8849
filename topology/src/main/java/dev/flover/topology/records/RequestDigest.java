package dev.flover.topology.records;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.ContentForm;
import dev.flover.schemas.serdes.FirstForm;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.apache.avro.generic.IndexedRecord;

/// What a request says, in 16 bytes: equal for a duplicate, whatever schema its producer wrote it with, and whatever
/// schema this release knows.
public final class RequestDigest {
    private static final int BYTES = 16;

    private RequestDigest() {}

    /// @param request with all that its record said
    public static ByteBuffer of(IndexedRecord request) {
        return of(ContentForm.of(request));
    }

    /// As it was before digests were free of the schema: state of that time holds such.
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
