package dev.flover.benchmarks.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.benchmarks.batch.BatchWorld.Victim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `verify-batch`.
@Command(
        name = "verify-batch",
        sortOptions = false,
        description = "Runs a batch job undisturbed, and again while the command, the pipeline and the broker are "
                + "killed (kill -9) at random times, and compares both outputs line by line.")
public final class VerifyBatchCommand implements Callable<Integer> {
    /// The most attempts of the command, not counting one for each kill. An attempt fails if no broker answers when it
    /// starts.
    private static final int MOST_ATTEMPTS = 200;
    private static final long LONGEST_RUN_S = 3600;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--lines", paramLabel = "N", defaultValue = "100000",
            description = "Lines of the file; about one in a hundred is wrong. Default: ${DEFAULT-VALUE}.")
    private int lines;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "16",
            description = "Most tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Option(names = "--kills", paramLabel = "N", defaultValue = "20",
            description = "How often a process is killed. Default: ${DEFAULT-VALUE}.")
    private int kills;

    @Option(names = "--pause-ms", paramLabel = "N", defaultValue = "4000",
            description = "Longest time between two kills, in ms. Default: ${DEFAULT-VALUE}.")
    private int pauseMs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of the lines and of the kills. Default: ${DEFAULT-VALUE}.")
    private long seed;

    private final Map<Victim, Integer> killed = new EnumMap<>(Victim.class);

    @Override
    public Integer call() throws IOException, InterruptedException {
        OptionRange.check(spec, "--lines", lines, 1, 10_000_000);
        OptionRange.check(spec, "--max-tokens", maxTokens, 1, 10_000);
        OptionRange.check(spec, "--kills", kills, 0, 100_000);
        OptionRange.check(spec, "--pause-ms", pauseMs, 1, 3_600_000);
        if (!Files.exists(model.path())) {
            throw new CommandException("--model must be a model file or folder, found none at " + model.path());
        }
        try (var temporary = TemporaryFolder.create("flover-verify-batch-")) {
            Path folder = temporary.path();
            Path input = folder.resolve("in.jsonl");
            int wrong = LineFile.write(input, lines, maxTokens, seed);
            Path quiet = folder.resolve("quiet.jsonl");
            Path loud = folder.resolve("loud.jsonl");
            try (var world = new BatchWorld(folder, model.path(), model.context())) {
                say("undisturbed", run(world, input, quiet, "quiet", 0));
                say("disturbed", run(world, input, loud, "loud", kills));
                say("the command had at most " + world.commandMemoryMb() + " MB of resident memory, with a heap of at "
                        + "most " + BatchWorld.COMMAND_HEAP_MB + " MB");
                say("killed " + killed + "; pipelines that ended by themselves, as those that find no broker at their "
                        + "start, and were started again: " + world.restarts());
            }
            return compare(quiet, loud, wrong) ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    /// Runs the command until its job is done.
    ///
    /// @return the summary of the job
    private JsonNode run(BatchWorld world, Path input, Path out, String tenant, int kills)
            throws IOException, InterruptedException {
        var random = new Random(seed);
        Path log = out.resolveSibling("summary.json");
        int left = kills;
        for (int attempt = 0; attempt < MOST_ATTEMPTS + kills; attempt++) {
            var command = world.startCommand(input, out, tenant, log);
            while (left > 0 && !world.await(command, 1 + random.nextInt(pauseMs))) {
                var victim = Victim.values()[random.nextInt(Victim.values().length)];
                world.kill(victim);
                killed.merge(victim, 1, Integer::sum);
                left--;
            }
            if (!world.await(command, TimeUnit.SECONDS.toMillis(LONGEST_RUN_S))) {
                throw new CommandException("the command has not ended within " + LONGEST_RUN_S + " s");
            }
            if (command.exitValue() == 0) {
                return new ObjectMapper().readTree(log.toFile());
            }
        }
        throw new CommandException("the command failed again and again; its last errors:\n"
                + Files.readString(out.resolveSibling("errors.log")));
    }

    private boolean compare(Path quiet, Path loud, int wrong) throws IOException {
        var answers = OutputLines.of(quiet);
        var errors = OutputLines.of(errorsOf(quiet));
        boolean passed = true;
        if (answers.lines().size() + errors.lines().size() != lines || errors.lines().size() != wrong) {
            say("expected " + (lines - wrong) + " answers and " + wrong + " errors, found " + answers.lines().size()
                    + " and " + errors.lines().size());
            passed = false;
        }
        passed &= equal("answers", answers, OutputLines.of(loud));
        passed &= equal("errors", errors, OutputLines.of(errorsOf(loud)));
        say(passed ? "passed: both outputs have the same " + lines + " lines" : "FAILED");
        return passed;
    }

    private static Path errorsOf(Path out) {
        return out.resolveSibling(out.getFileName() + ".errors");
    }

    private boolean equal(String name, OutputLines expected, OutputLines found) {
        String difference = expected.difference(found);
        if (difference != null) {
            say(name + " differ:\n" + difference);
        }
        return difference == null;
    }

    private void say(String name, JsonNode summary) {
        say(name + " " + summary);
    }

    private void say(String line) {
        spec.commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }
}
