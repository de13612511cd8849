package dev.flover.app;

import dev.flover.app.bench.BenchCommand;
import dev.flover.app.offline.DevicesCommand;
import dev.flover.app.offline.GenerateCommand;
import dev.flover.app.offline.InspectCommand;
import dev.flover.app.offline.SelftestCommand;
import dev.flover.app.offline.TokenizeCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The main class of the engine bundle: the commands that need no Kafka, so that Kafka's libraries can be left out.
@Command(
        name = "flover",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Flover's engine: LLM inference without Kafka, for nodes without a network.",
        commandListHeading = "%nCommands:%n",
        subcommands = {
            GenerateCommand.class,
            TokenizeCommand.class,
            InspectCommand.class,
            DevicesCommand.class,
            SelftestCommand.class,
            BenchCommand.class
        })
public final class EngineMain implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Explain this.")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "Print the version.")
    private boolean version;

    public static void main(String[] args) {
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        var failures = new FailureReport();
        int code = new CommandLine(new EngineMain())
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures)
                .execute(args);
        out.flush();
        err.flush();
        System.exit(code);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
