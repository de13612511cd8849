package dev.flover.app.settings;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import dev.flover.schemas.json.NearestName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The values of all settings, with the source of each. A source overrides those to its left:
///
/// ```
///   default < --client-properties (clients only) < file of --config < FLOVER_* variables < options
/// ```
public final class Settings {
    /// Environment variables that the launch scripts and the log read, which are not settings.
    private static final Set<String> OTHERS = Set.of(
            "FLOVER_JAVA_OPTS", "FLOVER_JAVA_HOME", "FLOVER_LOG_LEVEL", "FLOVER_LOG_FORMAT");
    private static final String PREFIX = "FLOVER_";
    private static final String CONFIG_VARIABLE = "FLOVER_CONFIG";
    private static final String FILE_SUFFIX = "_FILE";
    /// The variables that Kubernetes sets in each container for a service named flover or flover-something.
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "FLOVER_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)");
    private static final Pattern SERVICE_URL = Pattern.compile("(tcp|udp|sctp)://.*");

    private final Map<Setting<?>, Given> given = new HashMap<>();
    private final Map<PassThrough, Map<String, Given>> passed = new HashMap<>();
    private @Nullable Given file;

    private Settings() {
        for (var client : PassThrough.values()) {
            passed.put(client, new TreeMap<>());
        }
    }

    /// Collects the settings from all sources.
    ///
    /// @param file        the file that `--config` names
    /// @param options     values of the command line, by setting
    /// @param passed      values of `--kafka` and `--registry`, as `NAME=VALUE`
    /// @param environment all environment variables
    /// @throws SettingException if a name is unknown, a value is out of range, or a secret is on the command line
    public static Settings resolve(Optional<String> file, Map<Setting<?>, String> options,
            Map<PassThrough, List<String>> passed, Map<String, String> environment) {
        var settings = new Settings();
        settings.readFile(file, environment);
        settings.readEnvironment(environment);
        options.forEach((setting, text) ->
                settings.give(setting, new Given(text, new Source.Option(setting.option()))));
        passed.forEach((client, entries) -> entries.forEach(entry -> settings.readOption(client, entry)));
        settings.readClientProperties();
        return settings;
    }

    private void readFile(Optional<String> option, Map<String, String> environment) {
        String variable = environment.getOrDefault(CONFIG_VARIABLE, "");
        if (option.isPresent()) {
            file = new Given(option.get(), new Source.Option("--config"));
        } else if (!variable.isBlank()) {
            file = new Given(variable, new Source.Variable(CONFIG_VARIABLE));
        } else {
            return;
        }
        for (var entry : PropertiesFile.read(Path.of(file.text()))) {
            var value = new Given(entry.value(), entry.source());
            var client = PassThrough.of(entry.key());
            if (client.isPresent()) {
                pass(client.get(), client.get().property(entry.key()), value);
            } else {
                give(byName(entry.key()).orElseThrow(() -> unknown(entry)), value);
            }
        }
    }

    private static Optional<Setting<?>> byName(String name) {
        return SettingTable.all().stream().filter(setting -> setting.name().equals(name)).findFirst();
    }

    private static SettingException unknown(PropertiesFile.Entry entry) {
        var names = SettingTable.all().stream().map(Setting::name).toList();
        String hint = PassThrough.forClientProperty(entry.key()).key(entry.key());
        boolean property = PassThrough.isProperty(entry.key());
        return new SettingException(entry.source().words() + ": there is no setting " + entry.key()
                + (property ? "; a property of a client is written " + hint
                        : "; the nearest is " + NearestName.to(entry.key(), names)));
    }

    private void readEnvironment(Map<String, String> environment) {
        environment.forEach((name, text) -> {
            boolean ours = name.startsWith(PREFIX) && !OTHERS.contains(name) && !name.equals(CONFIG_VARIABLE);
            if (ours && !text.isBlank() && !isServiceLink(name, text)) {
                readVariable(name, text, environment);
            }
        });
    }

    private static boolean isServiceLink(String name, String text) {
        return SERVICE_LINK.matcher(name).matches()
                || name.endsWith("_PORT") && SERVICE_URL.matcher(text).matches();
    }

    private void readVariable(String name, String text, Map<String, String> environment) {
        var value = new Given(text, new Source.Variable(name));
        if (!take(name, value, false)) {
            boolean file = name.endsWith(FILE_SUFFIX);
            String base = file ? name.substring(0, name.length() - FILE_SUFFIX.length()) : name;
            if (file && !environment.getOrDefault(base, "").isBlank()) {
                throw new SettingException("both $" + base + " and $" + name + " are set; keep one of them");
            }
            if (!take(base, file ? contentOf(name, text) : value, true)) {
                throw unknownVariable(name);
            }
        }
    }

    /// Takes an environment variable as a setting or as a property of a client.
    ///
    /// @param loose whether properties are accepted that no client is known to have
    /// @return whether the variable was taken
    private boolean take(String variable, Given value, boolean loose) {
        for (var setting : SettingTable.all()) {
            if (setting.variable().equals(variable)) {
                give(setting, value);
                return true;
            }
        }
        for (var client : PassThrough.values()) {
            String start = client.variablePrefix();
            boolean starts = variable.startsWith(start) && variable.length() > start.length();
            if (starts && (loose || client.named(variable.substring(start.length())).isPresent())) {
                pass(client, client.propertyOf(variable), value);
                return true;
            }
        }
        return false;
    }

    private static Given contentOf(String variable, String path) {
        try {
            return new Given(Files.readString(Path.of(path)).strip(), new Source.VariableFile(variable, Path.of(path)));
        } catch (IOException e) {
            CommandException why = InputFile.unreadable(path, e);
            throw new SettingException("$" + variable + ": " + why.getMessage(), e);
        }
    }

    private static SettingException unknownVariable(String name) {
        var names = SettingTable.all().stream().map(Setting::variable).toList();
        return new SettingException("$" + name + ": there is no such setting; the nearest is $"
                + NearestName.to(name, names));
    }

    private void readOption(PassThrough client, String entry) {
        int equals = entry.indexOf('=');
        String option = client.option();
        if (equals < 1) {
            throw new SettingException(option + " must be NAME=VALUE" + (entry.contains("=") ? "" : ", was " + entry));
        }
        String property = entry.substring(0, equals);
        if (client.isSecret(property)) {
            String variable = client.variable(property);
            throw new SettingException(option + " must not hold " + property + ", because everybody on this machine "
                    + "can read arguments; put " + client.key(property) + " into the file of --config, or set $"
                    + variable + ", or $" + variable + FILE_SUFFIX + " to the name of a file that holds it");
        }
        pass(client, property, new Given(entry.substring(equals + 1), new Source.Option(option)));
    }

    /// Reads the file of `--client-properties`. Its properties have the lowest priority, although the file is read
    /// last, because its name is a setting.
    private void readClientProperties() {
        var path = find(SettingTable.CLIENT_PROPERTIES);
        if (path.isEmpty()) {
            return;
        }
        for (var entry : PropertiesFile.read(path.get())) {
            var value = new Given(entry.value(), entry.source());
            var address = switch (entry.key()) {
                case "bootstrap.servers" -> Optional.of(SettingTable.BOOTSTRAP_SERVERS);
                case "schema.registry.url" -> Optional.of(SettingTable.REGISTRY_URL);
                default -> Optional.<Setting<String>>empty();
            };
            var client = PassThrough.forClientProperty(entry.key());
            if (address.isPresent()) {
                if (!given.containsKey(address.get())) {
                    give(address.get(), value);
                }
            } else if (!Objects.requireNonNull(passed.get(client)).containsKey(entry.key())) {
                pass(client, entry.key(), value);
            }
        }
    }

    private void give(Setting<?> setting, Given value) {
        parse(setting, value);
        given.put(setting, value);
    }

    private void pass(PassThrough client, String property, Given value) {
        client.check(property, value);
        Objects.requireNonNull(passed.get(client)).put(property, value);
    }

    private static <T> T parse(Setting<T> setting, Given value) {
        try {
            return setting.kind().parse(value.text());
        } catch (IllegalArgumentException e) {       // the exception's message may repeat credentials
            String name = switch (value.source()) {
                case Source.Option option -> option.name();
                case Source.Variable variable -> variable.words();
                case Source.VariableFile file -> file.words();
                case Source.Line line -> line.words() + ": " + setting.name();
                case Source.Default standard -> setting.name();
            };
            throw new SettingException(name + " must be " + setting.kind().expected() + ", was "
                    + (value.text().isEmpty() ? "empty" : withoutCredentials(value.text())));
        }
    }

    private static String withoutCredentials(String text) {
        return text.replaceAll("//[^/@]*@", "//(credentials)@");
    }

    /// Returns the value if the setting is set or has a default.
    public <T> Optional<T> find(Setting<T> setting) {
        return text(setting).map(text -> parse(setting, new Given(text, source(setting))));
    }

    /// Returns the value of a setting that has a default.
    public <T> T get(Setting<T> setting) {
        return find(setting).orElseThrow(() -> new AssertionError(setting.name() + " has no default"));
    }

    /// Tells whether any source sets the setting.
    public boolean isSet(Setting<?> setting) {
        return given.containsKey(setting);
    }

    /// Returns the value as it was written; the default if it is not set.
    public Optional<String> text(Setting<?> setting) {
        return isSet(setting) ? Optional.of(Objects.requireNonNull(given.get(setting)).text()) : setting.standard();
    }

    public Source source(Setting<?> setting) {
        return isSet(setting) ? Objects.requireNonNull(given.get(setting)).source() : new Source.Default();
    }

    /// Returns the properties that are passed to a client.
    public Map<String, String> passed(PassThrough client) {
        var properties = new LinkedHashMap<String, String>();
        Objects.requireNonNull(passed.get(client)).forEach((name, value) -> properties.put(name, value.text()));
        return properties;
    }

    /// Returns the source of a property that is passed to a client.
    public Source source(PassThrough client, String property) {
        return Objects.requireNonNull(Objects.requireNonNull(passed.get(client)).get(property)).source();
    }

    /// Returns the path of the configuration file, if there is one.
    public Optional<String> file() {
        return Optional.ofNullable(file).map(Given::text);
    }

    /// Returns the source that named the configuration file: an option or a variable.
    public Optional<Source> sourceOfFile() {
        return Optional.ofNullable(file).map(Given::source);
    }

    /// Describes a setting as in `max-sequences = 64 (flover.properties:3)`, for messages about contradicting settings.
    public String words(Setting<?> setting) {
        return setting.name() + " = " + text(setting).orElse("not set") + " (" + source(setting).words() + ")";
    }
}
