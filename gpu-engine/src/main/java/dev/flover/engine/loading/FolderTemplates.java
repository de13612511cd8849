package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The chat templates of a Hugging Face folder: a file for each, or else `chat_template` in `tokenizer_config.json`,
/// which is one template or a list of templates with names.
record FolderTemplates(Path folder) {
    private static final long MAX_BYTES = 4 << 20;
    private static final String TOOL_FILE = "additional_chat_templates/tool_use.jinja";
    private static final String FILE = "chat_template.jinja";

    /// The template of conversations without tools, and of those with tools if there is none for these; null if the
    /// folder has none.
    @Nullable String general() {
        return template(FILE, "default");
    }

    /// The template of conversations with tools, if the folder has one of its own; null otherwise.
    @Nullable String withTools() {
        return template(TOOL_FILE, "tool_use");
    }

    private @Nullable String template(String ownFile, String name) {
        if (Files.exists(folder.resolve(ownFile))) {
            return read(folder.resolve(ownFile));
        }
        var config = JsonFile.readIfPresent(folder.resolve("tokenizer_config.json"));
        if (Files.exists(folder.resolve(FILE)) || config.isEmpty()) {
            return null;        // files of templates take the place of all that the configuration has
        }
        if (config.get().isText("chat_template")) {
            return name.equals("default") ? config.get().text("chat_template").orElseThrow() : null;
        }
        return config.get().objects("chat_template").stream()
                .filter(template -> template.text("name").orElse("").equals(name))
                .findFirst().flatMap(template -> template.text("template")).orElse(null);
    }

    private static String read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new ModelFileException(file, "has more than " + MAX_BYTES + " bytes");
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ModelFileException(file, "cannot be read: " + e.getMessage(), e);
        }
    }
}
