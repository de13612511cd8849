package dev.flover.app.batch;

import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.http.jobs.JobOrder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The commands that change what becomes of a submitted job: each writes one record.
abstract class BatchOrderCommands implements Runnable {
    private final JobOrder order;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "JOB", description = "The job's id, as `batch submit` prints it.")
    private String job;

    BatchOrderCommands(JobOrder order) {
        this.order = order;
    }

    @Override
    public void run() {
        JobsAccess.with(spec, client -> {
            var known = client.job(job);
            if (known.state().isFinal() || known.order() == JobOrder.CANCEL && order != JobOrder.CANCEL) {
                throw new CommandException("the job " + job + " is " + known.word() + " and does not change any more");
            }
            client.order(job, order);
        });
    }

    @Command(name = "pause", modelTransformer = SettingOptions.OfClients.class,
            description = "Sends no further lines of a job; those under way are answered.")
    static final class Pause extends BatchOrderCommands {
        Pause() {
            super(JobOrder.PAUSE);
        }
    }

    @Command(name = "resume", modelTransformer = SettingOptions.OfClients.class,
            description = "Goes on with a job that was paused.")
    static final class Resume extends BatchOrderCommands {
        Resume() {
            super(JobOrder.RUN);
        }
    }

    @Command(name = "cancel", modelTransformer = SettingOptions.OfClients.class,
            description = "Ends a job: its lines under way are cancelled, and no further lines are sent.")
    static final class Cancel extends BatchOrderCommands {
        Cancel() {
            super(JobOrder.CANCEL);
        }
    }
}
