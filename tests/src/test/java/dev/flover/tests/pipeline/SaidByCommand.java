package dev.flover.tests.pipeline;

import dev.flover.app.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;

/// The output and the exit code of a client command that ran on a story's topics.
record SaidByCommand(int code, String out, String err) {
    /// @param command   the command and its subcommands, as in `models remove`
    /// @param arguments further arguments; those that name the story's broker, registry and topics are added
    static SaidByCommand of(Story story, String command, String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code = Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute(arguments(story, command, arguments));
        return new SaidByCommand(code, out.toString(), err.toString());
    }

    /// Returns the command line of a command on a story's topics.
    static String[] arguments(Story story, String command, String... arguments) {
        var topics = story.config.topics();
        var all = new ArrayList<>(List.of(command.split(" ")));
        all.addAll(List.of("--bootstrap-servers", story.bootstrapServers, "--schema-registry-url", story.registryUrl,
                "--requests-topic", topics.requests(), "--tokens-topic", topics.tokens(),
                "--results-topic", topics.results(), "--models-topic", topics.models()));
        all.addAll(List.of(arguments));
        return all.toArray(String[]::new);
    }
}
