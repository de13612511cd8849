package dev.flover.app.client;

import dev.flover.app.connection.ClientTarget;
import dev.flover.app.settings.SettingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `cancel`: writes a null value under the key of a request.
@Command(
        name = "cancel",
        modelTransformer = SettingOptions.OfClients.class,
        description = "Cancels a request that is being answered, waits, or arrives a little later.")
public final class CancelCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ID", description = "The request's id, as printed by `submit` or given to it with --id.")
    private String id;

    @Override
    public void run() {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        try (var requests = new Requests(target.connection(), target.topics().requests())) {
            requests.cancel(id);
        }
    }
}
