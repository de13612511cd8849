package dev.flover.app.settings;

import dev.flover.app.options.InputFile;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/// Reads a Java properties file in UTF-8 like [Properties], but keeps the line number of each entry and refuses
/// duplicate keys.
final class PropertiesFile {
    private PropertiesFile() {}

    /// An entry of the file, with the number of its first line.
    record Entry(String key, String value, Source.Line source) {}

    /// @throws dev.flover.app.options.CommandException if the file cannot be read
    /// @throws SettingException                        if it is not a properties file, or has a key twice
    static List<Entry> read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw InputFile.unreadable(file.toString(), e);
        }
        var entries = new ArrayList<Entry>();
        var seen = new HashMap<String, Source.Line>();
        for (int at = 0; at < lines.size(); ) {
            int end = endOfEntry(lines, at);
            var source = new Source.Line(file, at + 1);
            for (var entry : parse(String.join("\n", lines.subList(at, end)), source).entrySet()) {
                var earlier = seen.put(entry.getKey(), source);
                if (earlier != null) {
                    throw new SettingException(source.words() + ": " + entry.getKey() + " is also on line "
                            + earlier.number() + "; keep one of them");
                }
                entries.add(new Entry(entry.getKey(), entry.getValue(), source));
            }
            at = end;
        }
        return entries;
    }

    private static Map<String, String> parse(String text, Source.Line source) {
        var properties = new Properties();
        try {
            properties.load(new StringReader(text));
        } catch (IOException | IllegalArgumentException e) {
            throw new SettingException(source.words() + ": expected a line of a properties file: " + e.getMessage(), e);
        }
        var entries = new HashMap<String, String>();
        properties.stringPropertyNames().forEach(key -> entries.put(key, properties.getProperty(key)));
        return entries;
    }

    /// Returns the last line of the entry that begins at a line. A line that ends with an odd number of backslashes
    /// continues in the next line; comments do not.
    private static int endOfEntry(List<String> lines, int begin) {
        String first = lines.get(begin).stripLeading();
        int at = begin;
        if (!first.startsWith("#") && !first.startsWith("!")) {
            while (at < lines.size() - 1 && continues(lines.get(at))) {
                at++;
            }
        }
        return at + 1;
    }

    private static boolean continues(String line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }
}
