package dev.flover.app.settings;

import dev.flover.app.settings.Setting.Reader;
import dev.flover.app.settings.Setting.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/// Makes the options of a command from the table of settings: the command names one of the four classes as its
/// `modelTransformer`, and reads the values with [#of].
public final class SettingOptions {
    private static final String CONFIG = "--config";

    private SettingOptions() {}

    /// The options of `up`; with those of its clients also of `config` and `doctor`, which show and check the settings
    /// that `up` would use.
    public static final class OfPipeline implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            add(command, setting -> setting.readers().contains(Reader.PIPELINE)
                    || !command.name().equals("up"));
            return command;
        }
    }

    /// The options of the client commands.
    public static final class OfClients implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            add(command, setting -> setting.readers().contains(Reader.CLIENT));
            return command;
        }
    }

    /// The options of `serve`.
    public static final class OfBridge implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            add(command, setting -> setting.readers().contains(Reader.CLIENT)
                    || setting.readers().contains(Reader.BRIDGE));
            return command;
        }
    }

    /// The options of the commands that look at a running pipeline.
    public static final class OfWatchers implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            add(command, setting -> setting.readers().contains(Reader.WATCHER));
            return command;
        }
    }

    private static void add(CommandSpec command, Predicate<Setting<?>> wanted) {
        if (command.findOption(CONFIG) != null) {
            return;      // picocli transforms the subcommands of `models` twice
        }
        for (var section : Section.values()) {
            var group = ArgGroupSpec.builder().heading("%n" + section.title() + ":%n").validate(false);
            boolean any = false;
            for (var setting : SettingTable.all()) {
                if (setting.section() == section && wanted.test(setting)) {
                    group.addArg(option(setting));
                    any = true;
                }
            }
            if (section == Section.KAFKA) {
                connection().stream().filter(each -> wanted.test(SettingTable.BOOTSTRAP_SERVERS)
                        || each.longestName().equals(CONFIG)).forEach(group::addArg);
            }
            if (any) {
                command.addArgGroup(group.build());
            }
        }
    }

    private static OptionSpec option(Setting<?> setting) {
        String standard = setting.standard().filter(text -> !text.isEmpty())
                .map(text -> " Default: " + text + ".").orElse("");
        var option = OptionSpec.builder(names(setting))
                .description((setting.description() + standard).replace("%", "%%"));
        return setting.kind() instanceof Kind.Flag
                ? option.arity("0").type(Boolean.class).negatable(true).defaultValue(null).build()
                : option.arity("1").type(String.class).paramLabel(setting.kind().label()).build();
    }

    /// Returns the names of the option. `--commit-interval-ms` is an old name, from the time when settings had no
    /// units; a number without a unit is in milliseconds, so it still works.
    private static String[] names(Setting<?> setting) {
        if (setting == SettingTable.SERVED_MODEL) {
            return new String[] {setting.option(), "--model-name"};
        }
        return setting == SettingTable.COMMIT_INTERVAL
                ? new String[] {setting.option(), "--commit-interval-ms"} : new String[] {setting.option()};
    }

    private static List<OptionSpec> connection() {
        var options = new ArrayList<OptionSpec>();
        options.add(OptionSpec.builder(CONFIG).arity("1").type(String.class).paramLabel("FILE")
                .description("Settings, as a Java properties file; variables and options win over it. "
                        + "Default: $FLOVER_CONFIG.").build());
        for (var client : PassThrough.values()) {
            options.add(OptionSpec.builder(client.option()).arity("1").type(List.class).auxiliaryTypes(String.class)
                    .paramLabel("NAME=VALUE").description("A property of "
                            + (client == PassThrough.KAFKA ? "Kafka's clients" : "the registry's client")
                            + "; may be given several times. No secrets: they come from files or variables.").build());
        }
        return options;
    }

    /// Resolves the settings for this run of the command.
    ///
    /// @throws ParameterException with a sentence that names the wrong setting and its source
    public static Settings of(CommandSpec command) {
        return of(command, System.getenv());
    }

    static Settings of(CommandSpec command, Map<String, String> environment) {
        var options = new HashMap<Setting<?>, String>();
        for (var setting : SettingTable.all()) {
            Object value = value(command, setting.option());
            if (value != null) {
                options.put(setting, value.toString());
            }
        }
        var passed = new HashMap<PassThrough, List<String>>();
        for (var client : PassThrough.values()) {
            if (value(command, client.option()) instanceof List<?> entries) {
                passed.put(client, entries.stream().map(Object::toString).toList());
            }
        }
        try {
            return Settings.resolve(Optional.ofNullable(value(command, CONFIG)).map(Object::toString), options, passed,
                    environment);
        } catch (SettingException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    /// Returns the option's value; null if it was not given or if the command itself declares an option of that name,
    /// as `submit` does with `--model`.
    private static @Nullable Object value(CommandSpec command, String name) {
        var option = command.findOption(name);
        boolean own = option == null || option.userObject() != null;
        return own ? null : command.commandLine().getParseResult().matchedOptionValue(name, null);
    }
}
