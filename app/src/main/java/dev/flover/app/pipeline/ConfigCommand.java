package dev.flover.app.pipeline;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.flover.app.settings.PassThrough;
import dev.flover.app.settings.Setting;
import dev.flover.app.settings.SettingException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.app.settings.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `config`: lists the settings with their values and sources.
@Command(
        name = "config",
        modelTransformer = SettingOptions.OfPipeline.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Shows every setting, its value and where it comes from: default, file, variable or option. "
                + "Accepts the options of `up` and of its clients, checks them, and starts nothing. Secrets are shown "
                + "as set or not.")
public final class ConfigCommand implements Runnable {
    private static final String NOT_SET = "(not set)";

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print a JSON array of objects: name, value, source, and secret for "
            + "a setting that is one.")
    private boolean json;

    @Override
    public void run() {
        var settings = SettingOptions.of(spec);
        requireFit(settings);
        var lines = lines(settings);
        var out = spec.commandLine().getOut();
        if (json) {
            out.println(json(lines));
            return;
        }
        int names = lines.stream().mapToInt(line -> line.name().length()).max().orElse(0);
        int values = Math.min(40, lines.stream().mapToInt(line -> line.shown().length()).max().orElse(0));
        for (var line : lines) {
            out.printf("%-" + names + "s  %-" + values + "s  %s%n", line.name(), line.shown(), line.source());
        }
    }

    private void requireFit(Settings settings) {
        try {
            new PipelineSettings(settings).engine();
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /// @param value null if the setting is secret or not set
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Line(
            @JsonProperty("name") String name, @JsonProperty("value") @Nullable String value,
            @JsonProperty("source") String source, @JsonProperty("secret") @Nullable String secret) {
        String shown() {
            if (secret != null) {
                return "(" + secret + ")";
            }
            return value == null ? NOT_SET : value;
        }
    }

    /// Returns the settings as `config --json` prints them.
    public static String json(Settings settings) {
        return json(lines(settings));
    }

    static List<Line> lines(Settings settings) {
        var lines = new ArrayList<Line>();
        settings.sourceOfFile().ifPresent(source ->
                lines.add(new Line("config", settings.file().orElseThrow(), source.words(), null)));
        for (var setting : SettingTable.all()) {
            lines.add(new Line(setting.name(), value(settings, setting), settings.source(setting).words(), null));
        }
        for (var client : PassThrough.values()) {
            var passed = settings.passed(client);
            var names = new TreeSet<>(passed.keySet());
            names.addAll(client.usualSecrets());
            for (String name : names) {
                lines.add(line(settings, client, name, passed.get(name)));
            }
        }
        return lines;
    }

    /// Returns a setting's value, including defaults that depend on other settings, as far as they are known without
    /// starting anything; null if there is none.
    private static @Nullable String value(Settings settings, Setting<?> setting) {
        var pipeline = new PipelineSettings(settings);
        return settings.text(setting).orElseGet(() ->
                setting == SettingTable.MODEL ? pipeline.model().toString()
                        : setting == SettingTable.SERVED_MODEL ? pipeline.servedModel()
                        : setting == SettingTable.DATA ? pipeline.data().toString()
                        : setting == SettingTable.TOKEN_BUDGET ? Integer.toString(pipeline.engine().tokenBudget())
                        : null);
    }

    /// @param value null if the property is not passed
    private static Line line(Settings settings, PassThrough client, String name, @Nullable String value) {
        String source = value == null ? new Source.Default().words() : settings.source(client, name).words();
        boolean secret = client.isSecret(name);
        return new Line(client.key(name), secret ? null : value, source,
                secret ? value == null ? "not set" : "set" : null);
    }

    private static String json(List<Line> lines) {
        try {
            return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(lines);
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }
}
