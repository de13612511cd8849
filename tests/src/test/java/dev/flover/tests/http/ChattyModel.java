package dev.flover.tests.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// Makes a copy of the bundled model with a chat template, so that the model accepts messages.
final class ChattyModel {
    private static final String TEMPLATE =
            "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:";
    private static final List<Path> PLACES = List.of(
            Path.of("..", "models", "novelist-f16.gguf"), Path.of("..", "..", "shared", "models", "novelist-f16.gguf"));
    private static final int HEAD_BYTES = 24;
    private static final int COUNT_OF_ENTRIES = 16;
    private static final int TEXT = 8;
    /// The alignment in bytes of the data after the metadata entries.
    private static final int ALIGNMENT = 32;

    private ChattyModel() {}

    /// Writes the copy. The template's entry is put before the file's own entries, and its length keeps the alignment
    /// of all data behind it.
    static Path write(Path folder) throws IOException {
        var found = PLACES.stream().filter(Files::exists).findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the bundled model is not here: " + PLACES);
        var model = ByteBuffer.wrap(Files.readAllBytes(found.get())).order(ByteOrder.LITTLE_ENDIAN);
        model.putLong(COUNT_OF_ENTRIES, model.getLong(COUNT_OF_ENTRIES) + 1);
        var out = new ByteArrayOutputStream(model.capacity() + TEMPLATE.length() + 2 * ALIGNMENT);
        out.write(model.array(), 0, HEAD_BYTES);
        out.write(entry());
        out.write(model.array(), HEAD_BYTES, model.capacity() - HEAD_BYTES);
        return Files.write(folder.resolve("chatty.gguf"), out.toByteArray());
    }

    private static byte[] entry() {
        byte[] key = "tokenizer.chat_template".getBytes(StandardCharsets.UTF_8);
        int fixed = Long.BYTES + key.length + Integer.BYTES + Long.BYTES;
        int padding = Math.floorMod(-(fixed + TEMPLATE.length()), ALIGNMENT);
        byte[] value = (TEMPLATE + "{#" + "-".repeat(padding + ALIGNMENT - 4) + "#}").getBytes(StandardCharsets.UTF_8);
        var entry = ByteBuffer.allocate(fixed + value.length).order(ByteOrder.LITTLE_ENDIAN);
        entry.putLong(key.length).put(key).putInt(TEXT).putLong(value.length).put(value);
        return entry.array();
    }
}
