package dev.flover.app.batch;

import dev.flover.app.connection.ClientTarget;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.topics.ClusterView;
import dev.flover.http.topics.TopicAccess;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/// Opens the topics of jobs for a command.
final class JobsAccess {
    private JobsAccess() {}

    static void with(CommandSpec spec, Consumer<JobsClient> action) {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        try (var client = new JobsClient(HttpSettings.access(target.connection(), target.topics()))) {
            action.accept(client);
        }
    }

    /// Returns the name of the model that answers requests without a model's name; null if it is not known.
    static @Nullable String defaultModel(TopicAccess access) {
        try {
            return ClusterView.defaultModel(access).orElse(null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted while the registrations were read", e);
        }
    }
}
