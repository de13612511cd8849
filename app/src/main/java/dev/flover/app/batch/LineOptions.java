package dev.flover.app.batch;

import dev.flover.app.settings.Kind;
import dev.flover.http.jobs.AnswerLines;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options of a job that concern its lines: `--deadline`, `--model` and `--tenant`.
final class LineOptions {
    private static final Kind.Time DEADLINES = new Kind.Time(Duration.ofSeconds(1), Duration.ofDays(365));

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--deadline", paramLabel = "TIME", description = "Time from the job's begin, such as 2h, after "
            + "which lines that have no answer fail.")
    private @Nullable String deadline;

    @Option(names = "--model", paramLabel = "NAME", description = "Model for the lines that name none.")
    private @Nullable String model;

    @Option(names = "--tenant", paramLabel = "NAME", defaultValue = "", description = "Tenant for the lines that name "
            + "none.")
    private String tenant;

    /// Returns the time from the job's begin to its deadline, or null if it has none.
    ///
    /// @throws ParameterException if the option's value is not such a time
    @Nullable Duration deadline() {
        try {
            return deadline == null ? null : DEADLINES.parse(deadline);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--deadline must be " + DEADLINES.expected() + ", was "
                    + deadline, e);
        }
    }

    /// Returns the values for lines that do not have their own.
    AnswerLines.Defaults defaults() {
        return new AnswerLines.Defaults(model, tenant);
    }

    /// Returns the options that change the job's requests: part of the job's id.
    List<String> ofRequests() {
        return List.of(model == null ? "" : model, tenant);
    }
}
