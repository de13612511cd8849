package dev.flover.engine.tokenizer;

import dev.flover.engine.format.ModelFileException;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The content of a `tokenizer.model`: SentencePiece's `ModelProto`, a protocol buffer. Fields that are not needed are
/// skipped.
///
/// @param model    the `model_type`: 1 for unigram, 2 for byte pairs
/// @param unknown  the id of the unknown token; negative for none, as the next two
/// @param bytes    whether characters outside of the vocabulary become tokens of their bytes
/// @param map      the compiled map of characters that normalisation replaces; empty for none
/// @param prefixes whether a space is put before a text
/// @param merges   whether consecutive spaces count as one
/// @param escapes  whether spaces become marks
/// @param suffixes whether the mark of a space ends a word instead of beginning it
@RecordBuilder
@RecordBuilder.Options(enableWither = false)
record SentencePieceFile(
        List<Piece> pieces, int model, int unknown, int begin, int end, boolean bytes, byte[] map, boolean prefixes,
        boolean merges, boolean escapes, boolean suffixes) {
    private static final long MAX_BYTES = 256 << 20;

    /// @param kind as SentencePiece and GGUF number it
    record Piece(String text, float score, int kind) {}

    static SentencePieceFile read(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new ModelFileException(file, "has " + size + " bytes; at most " + MAX_BYTES + " are possible");
            }
            return new Reading().read(new Fields(file, ByteBuffer.wrap(Files.readAllBytes(file))));
        } catch (IOException e) {
            throw new ModelFileException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    /// The values read so far; they begin as SentencePiece's defaults.
    private static final class Reading {
        private final List<Piece> pieces = new ArrayList<>();
        private final SentencePieceFileBuilder file = SentencePieceFileBuilder.builder().pieces(pieces)
                .model(1).unknown(0).begin(1).end(2).bytes(false).map(new byte[0])
                .prefixes(true).merges(true).escapes(true).suffixes(false);

        SentencePieceFile read(Fields fields) {
            while (fields.next()) {
                switch (fields.number) {
                    case 1 -> pieces.add(piece(fields.message()));
                    case 2 -> readTrainer(fields.message());
                    case 3 -> readNormalizer(fields.message());
                    default -> { }
                }
            }
            return file.build();
        }

        private static Piece piece(Fields fields) {
            String text = "";
            float score = 0;
            int kind = 1;
            while (fields.next()) {
                switch (fields.number) {
                    case 1 -> text = new String(fields.bytes(), StandardCharsets.UTF_8);
                    case 2 -> score = fields.real();
                    case 3 -> kind = fields.integer();
                    default -> { }
                }
            }
            return new Piece(text, score, kind);
        }

        private void readTrainer(Fields fields) {
            while (fields.next()) {
                switch (fields.number) {
                    case 3 -> file.model(fields.integer());
                    case 24 -> file.suffixes(fields.integer() != 0);
                    case 35 -> file.bytes(fields.integer() != 0);
                    case 40 -> file.unknown(fields.integer());
                    case 41 -> file.begin(fields.integer());
                    case 42 -> file.end(fields.integer());
                    default -> { }
                }
            }
        }

        private void readNormalizer(Fields fields) {
            while (fields.next()) {
                switch (fields.number) {
                    case 2 -> file.map(fields.bytes());
                    case 3 -> file.prefixes(fields.integer() != 0);
                    case 4 -> file.merges(fields.integer() != 0);
                    case 5 -> file.escapes(fields.integer() != 0);
                    default -> { }
                }
            }
        }
    }

    /// The fields of one message of a protocol buffer, in order.
    private static final class Fields {
        private static final int VARINT = 0;
        private static final int EIGHT_BYTES = 1;
        private static final int LENGTH = 2;
        private static final int FOUR_BYTES = 5;

        private final Path file;
        private final ByteBuffer buffer;
        private int number;
        private int type;
        private long value;
        private ByteBuffer content = ByteBuffer.allocate(0);

        Fields(Path file, ByteBuffer buffer) {
            this.file = file;
            this.buffer = buffer.order(ByteOrder.LITTLE_ENDIAN);
        }

        /// Reads the next field; false at the end of the message.
        boolean next() {
            if (!buffer.hasRemaining()) {
                return false;
            }
            long tag = varint();
            number = (int) (tag >>> 3);
            type = (int) tag & 7;
            switch (type) {
                case VARINT -> value = varint();
                case EIGHT_BYTES -> value = buffer(Long.BYTES).getLong();
                case FOUR_BYTES -> value = buffer(Integer.BYTES).getInt();
                case LENGTH -> content = buffer(varint());
                default -> throw broken("a field of type " + type);
            }
            return true;
        }

        int integer() {
            expect(VARINT);
            return (int) value;
        }

        float real() {
            expect(FOUR_BYTES);
            return Float.intBitsToFloat((int) value);
        }

        byte[] bytes() {
            expect(LENGTH);
            byte[] bytes = new byte[content.remaining()];
            content.get(bytes);
            return bytes;
        }

        Fields message() {
            expect(LENGTH);
            return new Fields(file, content);
        }

        private void expect(int expected) {
            if (type != expected) {
                throw broken("field " + number + " of type " + type + " where type " + expected + " is expected");
            }
        }

        private ByteBuffer buffer(long length) {
            if (length < 0 || length > buffer.remaining()) {
                throw broken("a field of " + length + " bytes where " + buffer.remaining() + " are left");
            }
            var part = buffer.slice(buffer.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
            buffer.position(buffer.position() + (int) length);
            return part;
        }

        private long varint() {
            long number = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                if (!buffer.hasRemaining()) {
                    throw broken("a number that is cut off");
                }
                byte next = buffer.get();
                number |= (long) (next & 0x7F) << shift;
                if (next >= 0) {
                    return number;
                }
            }
            throw broken("a number of more than 64 bits");
        }

        private ModelFileException broken(String found) {
            return new ModelFileException(file, "is not a SentencePiece model: it has " + found);
        }
    }
}
