package dev.flover.topology.records;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// A request's id: the key of its record, 1 to 256 bytes of UTF-8.
public final class RequestId {
    private static final int MAX_BYTES = 256;

    private RequestId() {}

    /// Returns the key as an id, or null if it is none.
    public static @Nullable Bytes of(byte @Nullable [] key) {
        if (key == null || key.length == 0 || key.length > MAX_BYTES) {
            return null;
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key));
            return Bytes.wrap(key);
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /// Says why a key is not an id.
    ///
    /// @param key a key for which [#of] returned null
    public static String fault(byte @Nullable [] key) {
        return "the record's key must be the request's id, 1 to " + MAX_BYTES + " bytes of UTF-8, " + found(key);
    }

    private static String found(byte @Nullable [] key) {
        if (key == null) {
            return "found none";
        }
        if (key.length >= BoundedRecords.MAX_HEADER_BYTES) {
            return "found " + key.length + " bytes or more";
        }
        return key.length == 0 || key.length > MAX_BYTES
                ? "found " + key.length + " bytes"
                : "found bytes that are not UTF-8";
    }
}
