package dev.flover.app.batch;

import dev.flover.app.settings.SettingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `batch list`.
@Command(name = "list", modelTransformer = SettingOptions.OfClients.class, description = "Lists the submitted jobs.")
final class BatchListCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object for each job.")
    private boolean json;

    @Override
    public void run() {
        JobsAccess.with(spec, client -> {
            var out = spec.commandLine().getOut();
            for (var known : client.jobs().all()) {
                out.println(json ? JobWords.json(known).toString() : JobWords.line(known));
            }
            out.flush();
        });
    }
}
