package dev.flover.app.batch;

import dev.flover.app.settings.SettingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `batch status`.
@Command(name = "status", modelTransformer = SettingOptions.OfClients.class,
        description = "Prints how far a submitted job is.")
final class BatchStatusCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "JOB", description = "The job's id, as `batch submit` prints it.")
    private String job;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public void run() {
        JobsAccess.with(spec, client -> {
            var known = client.job(job);
            var out = spec.commandLine().getOut();
            out.println(json ? JobWords.json(known).toString() : JobWords.line(known));
            out.flush();
        });
    }
}
