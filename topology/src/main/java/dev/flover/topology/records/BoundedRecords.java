package dev.flover.topology.records;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/// Deserialisers that cut records of the requests topic, while they are read, to a size that the pipeline can store and
/// write again. Without them, a compressed batch of a few kilobytes could hold records of hundreds of megabytes.
///
/// After cutting, a record has at most a key of 64 kB, headers of 64 kB, and a value of the limit on requests. Headers
/// that only this class writes say that a value was cut.
public final class BoundedRecords {
    /// Header: the size of a value before it was cut, in bytes.
    public static final String CUT_FROM = "flover.cut.from.bytes";
    /// Header: a digest of the whole value. Two records whose values differ only in the part that was cut off are
    /// different requests.
    public static final String CUT_DIGEST = "flover.cut.digest";
    public static final int MAX_HEADER_BYTES = 64 << 10;
    /// The largest record, in bytes, on any topic that the pipeline writes.
    public static final int MAX_RECORD_BYTES = 8 << 20;
    /// The largest value of a dead letter, in bytes. Larger values are cut, so that the dead-letter topic can take any
    /// record that the requests topic took.
    public static final int MAX_DEAD_LETTER_BYTES = 512 << 10;

    private BoundedRecords() {}

    /// Deserialises keys.
    ///
    /// @param first whether a header of this name is kept before others
    public static Deserializer<byte[]> keys(Predicate<String> first) {
        return new Bounded() {
            @Override
            byte[] bounded(Headers headers, ByteBuffer data) {
                bound(headers, first);     // here, too: for a null value, no value deserialiser runs
                return bytes(data, Math.min(data.remaining(), MAX_HEADER_BYTES));
            }
        };
    }

    /// Deserialises values.
    ///
    /// @param limit the largest value that stays whole, in bytes
    /// @param first whether a header of this name is kept before others
    public static Deserializer<byte[]> values(int limit, Predicate<String> first) {
        return new Bounded() {
            @Override
            byte[] bounded(Headers headers, ByteBuffer data) {
                bound(headers, first);
                if (data.remaining() <= limit) {
                    return bytes(data, data.remaining());
                }
                headers.add(CUT_FROM, Integer.toString(data.remaining()).getBytes(StandardCharsets.UTF_8));
                var digest = RequestDigest.of(data);
                headers.add(CUT_DIGEST, bytes(digest, digest.remaining()));
                return bytes(data, Math.min(limit, MAX_DEAD_LETTER_BYTES));
            }
        };
    }

    /// The size of a value before it was cut, in bytes; null where the value is whole.
    public static @Nullable Integer cutFrom(Headers headers) {
        var header = headers.lastHeader(CUT_FROM);
        return header == null ? null : Integer.valueOf(new String(header.value(), StandardCharsets.UTF_8));
    }

    public static ByteBuffer digest(Headers headers) {
        return ByteBuffer.wrap(headers.lastHeader(CUT_DIGEST).value());
    }

    /// Keeps headers up to the size limit, in their order.
    private static void bound(Headers headers, Predicate<String> first) {
        headers.remove(CUT_FROM).remove(CUT_DIGEST);
        var all = headers.toArray();
        if (Arrays.stream(all).mapToInt(BoundedRecords::sizeOf).sum() <= MAX_HEADER_BYTES) {
            return;
        }
        var kept = new boolean[all.length];
        int left = keep(all, kept, first, MAX_HEADER_BYTES);
        keep(all, kept, first.negate(), left);
        for (var header : all) {
            headers.remove(header.key());
        }
        for (int i = 0; i < all.length; i++) {
            if (kept[i]) {
                headers.add(all[i]);
            }
        }
    }

    /// Marks those of the chosen headers that fit, from the first one on.
    ///
    /// @return the bytes that are left
    private static int keep(Header[] all, boolean[] kept, Predicate<String> chosen, int bytes) {
        int left = bytes;
        for (int i = 0; i < all.length; i++) {
            if (chosen.test(all[i].key())) {
                if (sizeOf(all[i]) > left) {
                    return left;
                }
                left -= sizeOf(all[i]);
                kept[i] = true;
            }
        }
        return left;
    }

    public static int sizeOf(Header header) {
        return header.key().length() + (header.value() == null ? 0 : header.value().length);
    }

    private static byte[] bytes(ByteBuffer data, int length) {
        byte[] bytes = new byte[length];
        data.duplicate().get(bytes);
        return bytes;
    }

    private abstract static class Bounded implements Deserializer<byte[]> {
        abstract byte[] bounded(Headers headers, ByteBuffer data);

        @Override
        public byte[] deserialize(String topic, byte[] data) {
            return data;
        }

        @Override
        public byte @Nullable [] deserialize(String topic, Headers headers, byte[] data) {
            return data == null ? null : bounded(headers, ByteBuffer.wrap(data));
        }

        @Override
        public byte @Nullable [] deserialize(String topic, Headers headers, ByteBuffer data) {
            return data == null ? null : bounded(headers, data);
        }
    }
}
