package dev.flover.app.batch.files;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// The options of the summary at the end of a job.
public final class SummaryOptions {
    @Option(names = "--price-in", paramLabel = "X", description = "Price of a million tokens of prompts, for the "
            + "summary's cost.")
    private @Nullable Double priceIn;

    @Option(names = "--price-out", paramLabel = "X", description = "Price of a million tokens of answers.")
    private @Nullable Double priceOut;

    /// @param before what the job had done before this run of the command
    public BatchReport report(CommandSpec spec, BatchInput input, Tally before) {
        return new BatchReport(spec.commandLine().getErr(), input, new BatchReport.Prices(priceIn, priceOut), before);
    }

    public void print(CommandSpec spec, BatchReport report, Tally tally, boolean finished, JobFiles files,
            boolean json) {
        if (tally.failed() > 0) {
            spec.commandLine().getErr().println("flover: " + tally.failed()
                    + (tally.failed() == 1 ? " line failed; " : " lines failed; ") + files.errors()
                    + (tally.failed() == 1 ? " names the reason" : " names the reasons"));
            spec.commandLine().getErr().flush();
        }
        var out = spec.commandLine().getOut();
        out.println(json ? report.json(tally, finished, files).toString() : report.summary(tally, finished));
        out.flush();
    }
}
