package dev.flover.topology.state;

import java.nio.ByteBuffer;
import org.apache.kafka.common.utils.Bytes;

/// Keys of the state stores. The key of a progress segment sorts by request, answer and position:
///
/// ```
///   [length of id, 2 bytes] [id] [answer, 2 bytes] [position of the first token, 4 bytes]
/// ```
///
/// The key of a schema is the byte 0xFF and the schema's fingerprint. No UTF-8 text begins with that byte, so that the
/// key is never an id, and it sorts after all ids.
public final class StateKeys {
    private static final int TAIL = Short.BYTES + Integer.BYTES;
    private static final byte BESIDE = (byte) 0xFE;

    private static final byte SCHEMA = (byte) 0xFF;

    private StateKeys() {}

    static Bytes firstSchema() {
        return Bytes.wrap(new byte[] {SCHEMA});
    }

    static Bytes schema(long fingerprint) {
        return Bytes.wrap(ByteBuffer.allocate(1 + Long.BYTES).put(SCHEMA).putLong(fingerprint).array());
    }

    public static boolean isSchema(Bytes key) {
        return key.get()[0] == SCHEMA;
    }

    static long fingerprintOf(Bytes schema) {
        return ByteBuffer.wrap(schema.get()).getLong(1);
    }

    static Bytes segment(byte[] id, int answer, int position) {
        var key = ByteBuffer.allocate(Short.BYTES + id.length + TAIL);
        key.putShort((short) id.length).put(id).putShort((short) answer).putInt(position);
        return Bytes.wrap(key.array());
    }

    static Bytes firstSegment(byte[] id) {
        return segment(id, 0, 0);
    }

    static Bytes lastSegment(byte[] id) {
        return segment(id, -1, -1);
    }

    static int answerOf(Bytes segment) {
        byte[] key = segment.get();
        return Short.toUnsignedInt(ByteBuffer.wrap(key).getShort(key.length - TAIL));
    }

    static int positionOf(Bytes segment) {
        byte[] key = segment.get();
        return ByteBuffer.wrap(key).getInt(key.length - Integer.BYTES);
    }

    /// The key of the partition's read position, in a store without schemas. No UTF-8 text begins with its byte, so
    /// that it is never an id.
    public static Bytes position() {
        return Bytes.wrap(new byte[] {SCHEMA});
    }

    /// The key of a second entry of an id: the byte 0xFE and the id. No UTF-8 text begins with that byte, so that the
    /// key is never an id.
    static Bytes beside(Bytes id) {
        return Bytes.wrap(ByteBuffer.allocate(1 + id.get().length).put(BESIDE).put(id.get()).array());
    }

    static Bytes offset(long offset) {
        return Bytes.wrap(ByteBuffer.allocate(Long.BYTES).putLong(offset).array());
    }

    static long offsetOf(Bytes key) {
        return ByteBuffer.wrap(key.get()).getLong();
    }
}
