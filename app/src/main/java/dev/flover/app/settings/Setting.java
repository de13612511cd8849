package dev.flover.app.settings;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// A setting, which is one line of [SettingTable].
///
/// The same name has three spellings: `max-sequences` in the file, `FLOVER_MAX_SEQUENCES` in the environment,
/// `--max-sequences` on the command line.
///
/// @param standard    the default as a user would write it; empty if it depends on other settings
/// @param description sentences that end with a full stop; they describe the default if `standard` is empty
/// @param readers     the commands that use the setting; all others accept it in the file and the environment
/// @param <T>         type of the value
public record Setting<T>(
        String name, Section section, Kind<T> kind, Optional<String> standard, String description,
        Set<Reader> readers) {

    /// The commands that use a setting.
    public enum Reader {
        /// The command `up`.
        PIPELINE,
        /// The client commands: `submit`, `tail`, `cancel` and others.
        CLIENT,
        /// The command `serve`.
        BRIDGE,
        /// The commands that look at a running pipeline: `status`, `ps` and `top`.
        WATCHER
    }

    /// The groups of settings, as headings of the help and of the reference page.
    public enum Section {
        MODEL("Model"), KAFKA("Kafka and the schema registry"), TOPICS("Topics"), EMBEDDED("Embedded servers"),
        METRICS("Metrics and health"), PAGE("Page"), HTTP("HTTP"), DELIVERY("Delivery and pace"),
        REQUESTS("Limits of one request"),
        WAITING("Waiting and sharing"), MEMORY("Remembered requests"), RECOVERY("Recovery"), ENGINE("Engine");

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
