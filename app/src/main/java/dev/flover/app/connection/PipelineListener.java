package dev.flover.app.connection;

import dev.flover.app.options.CommandException;
import dev.flover.app.settings.Setting;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A client of the pages that a running pipeline serves beside its metrics, on this machine or another.
public final class PipelineListener implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration ANSWER = Duration.ofSeconds(8);
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;
    private static final int NOT_FOUND = 404;

    private final String url;
    private final Optional<String> token;
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(CONNECT).build();

    private PipelineListener(String url, Optional<String> token) {
        this.url = url;
        this.token = token;
    }

    /// Finds a pipeline's pages.
    ///
    /// @param at their address; empty for the pipeline on this machine that the settings name, or the only one
    /// @throws CommandException if no pipeline runs on this machine, or several do and the settings choose none of them
    public static PipelineListener find(Settings settings, Optional<String> at) {
        return new PipelineListener(at.map(PipelineListener::checked).orElseGet(() ->
                choose(settings.find(SettingTable.PIPELINE_NAME), RunningPipeline.all()).metricsUrl()),
                settings.find(SettingTable.METRICS_TOKEN).map(PipelineListener::token));
    }

    static RunningPipeline choose(Optional<String> name, List<RunningPipeline> running) {
        var fitting = running.stream().filter(each -> name.isEmpty() || each.answersTo(name.get())).toList();
        if (fitting.size() == 1) {
            return fitting.getFirst();
        }
        String list = (fitting.isEmpty() ? running : fitting).stream().map(each -> "\n  " + each.words())
                .collect(Collectors.joining());
        if (running.isEmpty()) {
            throw new CommandException("no pipeline is ready on this machine; start one with `flover up`, or name the "
                    + "address of another's metrics with --at http://HOST:9464");
        }
        throw new CommandException(fitting.isEmpty()
                ? "no pipeline " + name.orElse("") + " runs on this machine; there are:" + list
                : "several pipelines run on this machine; say which by --pipeline and its process id:" + list);
    }

    private static String checked(String at) {
        String url = at.contains("://") ? at : "http://" + at;
        try {
            var address = URI.create(url);
            if (address.getHost() != null && address.getScheme().matches("https?")) {
                return url.replaceFirst("/+$", "");
            }
        } catch (IllegalArgumentException e) {
            // the exception below explains
        }
        throw new CommandException("--at must be the address of a pipeline's metrics, such as http://HOST:9464, was "
                + at);
    }

    /// Reads a token from a file of the setting metrics-token.
    ///
    /// @throws CommandException if the file cannot be read, or its first line is empty
    public static String token(Path file) {
        return token(file, SettingTable.METRICS_TOKEN);
    }

    /// Reads a token from a file.
    ///
    /// @param setting the setting that names the file
    /// @throws CommandException if the file cannot be read, or its first line is empty
    public static String token(Path file, Setting<Path> setting) {
        try (var lines = Files.lines(file)) {
            return lines.findFirst().map(String::strip).filter(token -> !token.isEmpty()).orElseThrow(() ->
                    new CommandException("the file of " + setting.name() + " " + file
                            + " must have a token in its first line"));
        } catch (IOException e) {
            throw new CommandException("the file of " + setting.name() + " cannot be read: "
                    + CommandException.reason(e), e);
        }
    }

    public String url() {
        return url;
    }

    /// Reads a page.
    ///
    /// @param path such as `/status`
    /// @throws CommandException if the pipeline does not answer, or refuses
    public String get(String path) {
        var request = HttpRequest.newBuilder(URI.create(url + path)).timeout(ANSWER);
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        try {
            var answer = client.send(request.build(), BodyHandlers.ofString());
            return switch (answer.statusCode()) {
                case OK, UNAVAILABLE -> answer.body();
                case NOT_FOUND -> throw new CommandException("the server at " + url + " has no page " + path
                        + "; expected the metrics of a pipeline of this version");
                default -> throw new CommandException("the pipeline at " + url + " refuses " + path + ": "
                        + answer.body().strip());
            };
        } catch (IOException e) {
            throw new CommandException("no pipeline answers at " + url + ": " + CommandException.reason(e)
                    + "; `up` prints the address of its metrics", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
