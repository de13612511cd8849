package dev.flover.app.batch;

import dev.flover.app.options.CommandException;
import dev.flover.app.settings.Kind;
import dev.flover.app.settings.SettingOptions;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `batch remove`: removes jobs that have ended.
@Command(
        name = "remove",
        modelTransformer = SettingOptions.OfClients.class,
        description = "Removes jobs that have ended from the list of jobs. Their answers stay as long as the results "
                + "topic keeps them, and the same file can be submitted again.")
final class BatchRemoveCommand implements Runnable {
    private static final Kind.Time AGES = new Kind.Time(Duration.ZERO, Duration.ofDays(3_650));

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "JOB", arity = "0..*", description = "The jobs' ids, as `batch list` prints them.")
    private List<String> jobs = List.of();

    @Option(names = "--older-than", paramLabel = "TIME", description = "Remove all jobs that ended longer ago than "
            + "this, such as 7d.")
    private @Nullable String age;

    @Override
    public void run() {
        if (jobs.isEmpty() == (age == null)) {
            throw new ParameterException(spec.commandLine(), "give the ids of jobs, or --older-than");
        }
        long before = age == null ? Long.MAX_VALUE : System.currentTimeMillis() - millis(age);
        JobsAccess.with(spec, client -> {
            var ended = age == null ? jobs.stream().map(job -> ended(client, job)).toList()
                    : client.jobs().all().stream().filter(known -> known.state().isFinal()
                            && known.stateMs() < before).toList();
            for (var known : ended) {
                client.remove(known.job().id());
                spec.commandLine().getOut().println("removed " + JobWords.line(known));
            }
            spec.commandLine().getOut().flush();
        });
    }

    private long millis(String given) {
        try {
            return AGES.parse(given).toMillis();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--older-than must be " + AGES.expected() + ", was "
                    + given, e);
        }
    }

    private static JobsView.Known ended(JobsClient client, String job) {
        var known = client.job(job);
        if (!known.state().isFinal()) {
            throw new CommandException("the job " + job + " is " + known.word() + "; only a job that has ended can be "
                    + "removed: `flover batch cancel` ends it");
        }
        return known;
    }
}
