package dev.flover.app.connection;

import dev.flover.app.options.CommandException;
import dev.flover.app.settings.PassThrough;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The cluster and the topics that a client command uses. They are found in this order:
///
/// ```
///   addresses in the settings > the pipeline of --pipeline > the only pipeline on this machine > localhost
/// ```
public record ClientTarget(Connection connection, TopicNames topics) {
    private static final String BOOTSTRAP = "127.0.0.1:9092";
    private static final String REGISTRY = "http://127.0.0.1:8081";

    /// Finds the target of a client command.
    ///
    /// @param err gets a line that names the chosen pipeline, if several run
    /// @throws CommandException if several pipelines run and the settings choose none of them
    public static ClientTarget find(Settings settings, PrintWriter err) {
        return find(settings, RunningPipeline.all(), line -> err.println("flover: " + line));
    }

    static ClientTarget find(Settings settings, List<RunningPipeline> running, Consumer<String> say) {
        var found = choose(settings, running, RunningPipeline::address, say);
        return new ClientTarget(connection(settings, found), topics(settings, found));
    }

    /// Finds the cluster that `up` uses: as a client command does, but with topics of its own.
    ///
    /// @throws CommandException if the running pipelines use several clusters and the settings choose none of them
    public static Connection cluster(Settings settings, Consumer<String> say) {
        return connection(settings, choose(settings, RunningPipeline.all(), pipeline -> List.of(
                pipeline.address().bootstrapServers(), pipeline.address().registryUrl()), say));
    }

    private static Connection connection(Settings settings, Optional<RunningPipeline> found) {
        return new Connection(
                settings.find(SettingTable.BOOTSTRAP_SERVERS)
                        .or(() -> found.map(pipeline -> pipeline.address().bootstrapServers())).orElse(BOOTSTRAP),
                settings.find(SettingTable.REGISTRY_URL)
                        .or(() -> found.map(pipeline -> pipeline.address().registryUrl())).orElse(REGISTRY),
                settings.passed(PassThrough.KAFKA), settings.passed(PassThrough.REGISTRY));
    }

    private static TopicNames topics(Settings settings, Optional<RunningPipeline> found) {
        boolean named = TopicSettings.areSet(settings);
        return found.isPresent() && !named ? found.get().address().topics() : TopicSettings.names(settings);
    }

    /// Chooses a running pipeline by the settings.
    ///
    /// @param difference the property of a pipeline that the caller needs; all candidates must have the same value of
    ///                   it
    private static Optional<RunningPipeline> choose(Settings settings, List<RunningPipeline> running,
            Function<RunningPipeline, Object> difference, Consumer<String> say) {
        Optional<String> name = settings.find(SettingTable.PIPELINE_NAME);
        if (settings.isSet(SettingTable.BOOTSTRAP_SERVERS) || settings.isSet(SettingTable.REGISTRY_URL)) {
            name.ifPresent(chosen -> {
                throw twice(settings);
            });
            return Optional.empty();
        }
        List<RunningPipeline> fitting = running.stream()
                .filter(pipeline -> name.isEmpty() || pipeline.answersTo(name.get())).toList();
        if (name.isPresent() && fitting.isEmpty()) {
            throw new CommandException("no pipeline " + name.get() + " runs on this machine; " + (running.isEmpty()
                    ? "none does" : "there are:" + list(running)));
        }
        if (fitting.stream().map(difference).distinct().count() > 1) {
            throw new CommandException("several pipelines run on this machine; say which by --pipeline "
                    + "(or FLOVER_PIPELINE) and its application, model or process:" + list(fitting));
        }
        if (running.stream().map(difference).distinct().count() > 1) {
            say.accept("talking to " + fitting.getFirst().words());
        }
        return fitting.stream().findFirst();
    }

    private static CommandException twice(Settings settings) {
        return new CommandException("pipeline (" + settings.source(SettingTable.PIPELINE_NAME).words()
                + ") chooses among those that run on this machine; leave it out, or leave out bootstrap-servers and "
                + "schema-registry-url");
    }

    private static String list(List<RunningPipeline> pipelines) {
        return pipelines.stream().map(pipeline -> "\n  " + pipeline.words()).collect(Collectors.joining());
    }
}
