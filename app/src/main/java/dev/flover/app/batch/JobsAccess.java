package dev.flover.app.batch;

import dev.flover.app.batch.jobs.JobTopics;
import dev.flover.app.batch.jobs.JobsClient;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.settings.SettingOptions;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;

/// Opens the topics of jobs for a command.
final class JobsAccess {
    private JobsAccess() {}

    static void with(CommandSpec spec, Consumer<JobsClient> action) {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        try (var client = new JobsClient(target.connection(), JobTopics.of(target.topics().requests()))) {
            action.accept(client);
        }
    }
}
