package dev.flover.http.durable;

import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonRecords;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The content of a durable stream: a function of the chunks on the tokens topic, so that it never changes.
public sealed interface Content {
    /// The chunks as they are on the topic: a stream of JSON messages.
    ///
    /// @param id the id by which the client knows the generation, without its tenant
    record Chunks(String id) implements Content {
        @Override
        public String type() {
            return "application/json";
        }

        @Override
        public byte[] part(TokenChunk chunk) {
            return JsonRecords.write(TokenChunk.newBuilder(chunk).setRequestId(id).build());
        }

        @Override
        public byte[] join(List<byte[]> parts) {
            var joined = new ByteArrayOutputStream();
            joined.write('[');
            for (int i = 0; i < parts.size(); i++) {
                if (i > 0) {
                    joined.write(',');
                }
                joined.writeBytes(parts.get(i));
            }
            joined.write(']');
            return joined.toByteArray();
        }
    }

    /// The text of one answer.
    ///
    /// @param answer number of the answer, from 0
    record Text(int answer) implements Content {
        @Override
        public String type() {
            return "text/plain";
        }

        @Override
        public byte[] part(TokenChunk chunk) {
            return chunk.getAnswer() == answer ? chunk.getText().getBytes(StandardCharsets.UTF_8) : new byte[0];
        }

        @Override
        public byte[] join(List<byte[]> parts) {
            var joined = new ByteArrayOutputStream();
            parts.forEach(joined::writeBytes);
            return joined.toByteArray();
        }
    }

    /// Returns the media type.
    String type();

    /// Returns the bytes of a chunk; empty if it adds nothing to the stream.
    byte[] part(TokenChunk chunk);

    /// Joins the bytes of several chunks to the body of a response.
    byte[] join(List<byte[]> parts);
}
