package dev.flover.app.client;

import dev.flover.app.connection.ClientTarget;
import dev.flover.app.settings.SettingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `forget`: writes a null value under the key of a request, with a header that tells it from a cancel.
@Command(
        name = "forget",
        modelTransformer = SettingOptions.OfClients.class,
        description = "Erases the stored answer to a request, so that it is never sent again; a request that is being "
                + "answered is cancelled. Its records on the requests and tokens topics remain until their retention "
                + "ends.")
public final class ForgetCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ID", description = "The request's id, as printed by `submit` or given to it with --id.")
    private String id;

    @Override
    public void run() {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        try (var requests = new Requests(target.connection(), target.topics().requests())) {
            requests.forget(id);
        }
    }
}
