package dev.flover.app.offline;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.CommandException;
import dev.flover.engine.Backends;
import dev.flover.engine.selftest.Check;
import dev.flover.engine.selftest.SelfTest;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `selftest`: checks that a backend computes correctly on this machine.
@Command(
        name = "selftest",
        description = "Checks a backend on this machine: every operation against plain loops in double, then whole "
                + "generations, alone and among others, decoded and prefilled again, joining and leaving. Needs no "
                + "model and no network.")
public final class SelftestCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--backend", paramLabel = "NAME",
            description = "Backend, as listed by `flover devices`. Default: auto.")
    private String backend = "auto";

    @Option(names = "--threads", paramLabel = "N",
            description = "Compute threads of a CPU backend. Default: one for each core.")
    private int threads;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of all random numbers. Default: 1.")
    private long seed = 1;

    @Option(names = "--small", description = "Fewer shapes and sequences: seconds instead of minutes.")
    private boolean small;

    @Option(names = "--json", description = "Print a JSON array of objects: name, passed, detail.")
    private boolean json;

    @Override
    public void run() {
        var out = spec.commandLine().getOut();
        String described = describe();
        if (!json) {
            out.printf("self-test of %s, seed %d%n%n", described, seed);
        }
        var size = small ? SelfTest.Size.SMALL : SelfTest.Size.FULL;
        var checks = new SelfTest(() -> Backends.open(backend, threads), seed, size).run(this::print);
        long failed = checks.stream().filter(check -> !check.passed()).count();
        if (json) {
            out.println(new ObjectMapper().valueToTree(checks).toPrettyString());
        } else {
            out.printf("%n%d checks, %d failed%n", checks.size(), failed);
        }
        if (failed > 0) {
            throw new CommandException(failed + " of " + checks.size() + " checks failed; " + backend
                    + " must not be used on this machine");
        }
    }

    private String describe() {
        try (var opened = Backends.open(backend, threads)) {
            return opened.name() + " (" + opened.describe() + ")";
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--backend " + backend + ": " + e.getMessage(), e);
        }
    }

    private void print(Check check) {
        if (json) {
            return;
        }
        var out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%-6s %-72s %s%n", check.passed() ? "ok" : "FAILED", check.name(), check.detail());
        out.flush();
    }
}
