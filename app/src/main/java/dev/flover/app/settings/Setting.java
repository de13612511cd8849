package dev.flover.app.settings;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// A line of the table of settings.
///
/// One name in three spellings: `max-sequences` in the file, `FLOVER_MAX_SEQUENCES` in the environment,
/// `--max-sequences` on the command line.
///
/// @param standard    the default as it would be written; none where it depends on other things
/// @param description sentences that end with a full stop; the default in words among them where `standard` is none
/// @param readers     the commands that use it; all others accept it in the file and the environment
/// @param <T>         of the value
public record Setting<T>(
        String name, Section section, Kind<T> kind, Optional<String> standard, String description,
        Set<Reader> readers) {

    /// Who uses a setting.
    public enum Reader {
        /// `up`.
        PIPELINE,
        /// `submit`, `tail`, `cancel`.
        CLIENT
    }

    /// Headings of the help and of the reference.
    public enum Section {
        MODEL("Model"), KAFKA("Kafka and the schema registry"), TOPICS("Topics"), EMBEDDED("Embedded servers"),
        METRICS("Metrics and health"), DELIVERY("Delivery and pace"), REQUESTS("What one request may ask for"),
        WAITING("Waiting and sharing"), MEMORY("What is remembered"), RECOVERY("Recovery"), ENGINE("Engine");

        private final String title;

        Section(String title) {
            this.title = title;
        }

        public String title() {
            return title;
        }
    }

    public Setting {
        standard.ifPresent(kind::parse);
        readers = Set.copyOf(readers);
    }

    public String option() {
        return "--" + name;
    }

    public String variable() {
        return "FLOVER_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
