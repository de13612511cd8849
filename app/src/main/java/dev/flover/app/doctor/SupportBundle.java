package dev.flover.app.doctor;

import dev.flover.app.options.CommandException;
import dev.flover.app.settings.PassThrough;
import dev.flover.app.settings.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/// Writes a zip file for support: what the doctor found, the settings, versions, and the pages of a running pipeline.
///
/// It holds no prompt and no answer, because no source of it has them. Secrets of the clients are replaced wherever
/// their values occur.
final class SupportBundle {
    private static final int LEAST_SECRET = 4;
    private static final String REPLACEMENT = "(secret)";
    private static final Pattern QUOTED = Pattern.compile("\"([^\"]*)\"");

    private final Map<String, String> entries = new LinkedHashMap<>();
    private final List<String> secrets;

    SupportBundle(Settings settings) {
        secrets = secrets(settings);
    }

    /// Returns the values that must not be written, longest first: those of secret properties, and their parts, such as
    /// the password in a JAAS configuration.
    private static List<String> secrets(Settings settings) {
        var secrets = new ArrayList<String>();
        for (var client : PassThrough.values()) {
            settings.passed(client).forEach((name, value) -> {
                if (client.isSecret(name)) {
                    secrets.add(value);
                    QUOTED.matcher(value).results().forEach(part -> secrets.add(part.group(1)));
                    secrets.addAll(List.of(value.split(":")));
                }
            });
        }
        secrets.removeIf(secret -> secret.length() < LEAST_SECRET);
        secrets.sort((one, other) -> other.length() - one.length());
        return secrets;
    }

    void add(String name, String content) {
        String clean = content;
        for (String secret : secrets) {
            clean = clean.replace(secret, REPLACEMENT);
        }
        entries.put(name, clean);
    }

    /// Writes the file.
    ///
    /// @throws CommandException if the file exists or cannot be written
    void write(@Nullable Path file) {
        try (var out = new ZipOutputStream(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW))) {
            for (var entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
                out.closeEntry();
            }
        } catch (IOException e) {
            throw new CommandException("the bundle cannot be written: " + CommandException.reason(e)
                    + "; give --bundle the path of a new file", e);
        }
    }
}
