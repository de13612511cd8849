package dev.flover.app.logging;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Reads the level and the form of the log from the arguments and the environment, and hands them to the logging
/// library, which reads them when its first logger is made.
public final class LogOptions {
    /// The levels of `--log-level`.
    public enum Level {
        TRACE, DEBUG, INFO, WARN, ERROR, OFF
    }

    /// The forms of `--log-format`.
    public enum Format {
        TEXT, JSON
    }

    private static final String SIMPLE = "org.slf4j.simpleLogger.";
    /// The loggers that `simplelogger.properties` makes quieter; `--verbose` sets them back to the level info.
    private static final List<String> LOGGERS_OF_KAFKA =
            List.of("", ".clients.Metadata", ".clients.NetworkClient", ".clients.producer.internals.Sender");

    private LogOptions() {}

    /// Sets the properties of the logging library. Options override variables; a wrong option is reported later, with
    /// the other options.
    ///
    /// @throws IllegalArgumentException if a variable has another value than those of the enums
    public static void apply(String[] arguments, Map<String, String> environment) {
        if (Arrays.asList(arguments).contains("--verbose")) {
            System.setProperty(SIMPLE + "defaultLogLevel", "info");
            for (String logger : LOGGERS_OF_KAFKA) {
                System.setProperty(SIMPLE + "log.org.apache.kafka" + logger, "info");
            }
        }
        of(Level.class, "log-level", arguments, environment).ifPresent(level ->
                System.setProperty(SIMPLE + "log.dev.flover", level.name().toLowerCase(Locale.ROOT)));
        of(Format.class, "log-format", arguments, environment).filter(format -> format == Format.JSON)
                .ifPresent(json -> {
                    System.setProperty("slf4j.provider", JsonProvider.class.getName());
                    System.setProperty("slf4j.internal.verbosity", "WARN");      // or it names the provider in a line
                });
    }

    private static <T extends Enum<T>> Optional<T> of(
            Class<T> type, String name, String[] arguments, Map<String, String> environment) {
        String option = "--" + name;
        for (int i = 0; i < arguments.length; i++) {
            String value = arguments[i].startsWith(option + "=") ? arguments[i].substring(option.length() + 1)
                    : arguments[i].equals(option) && i + 1 < arguments.length ? arguments[i + 1] : null;
            if (value != null) {
                return parse(type, value);
            }
        }
        String variable = "FLOVER_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
        String value = environment.getOrDefault(variable, "");
        if (value.isBlank()) {
            return Optional.empty();
        }
        return Optional.of(parse(type, value).orElseThrow(() -> new IllegalArgumentException("$" + variable
                + " must be one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT) + ", was "
                + value)));
    }

    private static <T extends Enum<T>> Optional<T> parse(Class<T> type, String value) {
        return Arrays.stream(type.getEnumConstants()).filter(each -> each.name().equalsIgnoreCase(value.strip()))
                .findFirst();
    }
}
