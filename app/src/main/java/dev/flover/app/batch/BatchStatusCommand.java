package dev.flover.app.batch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.batch.files.JobFiles;
import dev.flover.app.batch.files.JobProgress;
import dev.flover.app.settings.SettingOptions;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `batch status`.
@Command(name = "status", modelTransformer = SettingOptions.OfClients.class,
        description = "Prints how far a job is: a submitted one, or one whose answers a command writes to a file.")
final class BatchStatusCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "JOB|OUT", description = "The job's id, as `batch submit` prints it, or the file of "
            + "answers that `batch FILE --out OUT` or `batch follow` writes.")
    private String job;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public void run() {
        var written = JobProgress.read(JobFiles.of(Path.of(job)).progress());
        if (written != null) {
            print(JobWords.json(written), JobWords.line(written));
            return;
        }
        JobsAccess.with(spec, client -> {
            var known = client.job(job);
            print(JobWords.json(known), JobWords.line(known));
        });
    }

    private void print(ObjectNode object, String line) {
        var out = spec.commandLine().getOut();
        out.println(json ? object.toString() : line);
        out.flush();
    }
}
