package dev.flover.app.http;

import dev.flover.app.connection.ClientTarget;
import dev.flover.app.options.ModelOption;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.terminal.StopSignal;
import dev.flover.http.openai.TokenTexts;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// The command `serve`: answers OpenAI's API over HTTP from the topics, in a process without a pipeline.
@Command(
        name = "serve",
        modelTransformer = SettingOptions.OfBridge.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Serves OpenAI's API over HTTP until Ctrl-C or SIGTERM: writes requests to the requests topic "
                + "and reads committed tokens from the tokens topic. Has no state: any number of bridges may run, and "
                + "a stream that one began can be continued at any other.",
        footer = {"", "@|bold curl http://127.0.0.1:8080/v1/completions -H 'Content-Type: application/json' "
                + "-d '{\"prompt\": \"The old house\"}'|@"})
public final class ServeCommand implements Callable<Integer> {
    private static final long LOOK_MS = 200;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        var settings = SettingOptions.of(spec);
        var http = new HttpSettings(settings);
        var target = ClientTarget.find(settings, spec.commandLine().getErr());
        var texts = settings.find(SettingTable.HTTP_MODEL).map(ServeCommand::texts).orElse(null);
        try (var stop = StopSignal.install(); var bridge = http.start(target.connection(), target.topics(), texts)) {
            say("kafka", target.connection().bootstrapServers());
            http.warning().ifPresent(warning -> say("warning", warning));
            say("http", bridge.url() + "/v1");
            while (!bridge.isReady() && !stop.await(LOOK_MS)) {
                // wait for the cluster
            }
            if (!stop.isRaised()) {
                say("ready", "Ctrl-C stops it");
            }
            while (!stop.await(LOOK_MS)) {
                // serve until stopped
            }
            return stop.exitCodeOfService();
        }
    }

    private static TokenTexts texts(Path model) {
        return new ModelTexts(ModelOption.openTokenizer(model), 0);
    }

    private void say(String what, String value) {
        var out = spec.commandLine().getOut();
        out.println(spec.commandLine().getColorScheme().commandText(String.format("%-10s", what)) + " " + value);
        out.flush();
    }
}
