package dev.flover.app;

import dev.flover.app.batch.BatchCommand;
import dev.flover.app.client.CancelCommand;
import dev.flover.app.client.ForgetCommand;
import dev.flover.app.client.ModelsCommand;
import dev.flover.app.client.ParkedCommand;
import dev.flover.app.client.SubmitCommand;
import dev.flover.app.client.TailCommand;
import dev.flover.app.demo.DemoCommand;
import dev.flover.app.doctor.DoctorCommand;
import dev.flover.app.http.ServeCommand;
import dev.flover.app.logging.LogOptions;
import dev.flover.app.offline.DevicesCommand;
import dev.flover.app.offline.GenerateCommand;
import dev.flover.app.offline.InspectCommand;
import dev.flover.app.offline.SelftestCommand;
import dev.flover.app.offline.TokenizeCommand;
import dev.flover.app.pipeline.ConfigCommand;
import dev.flover.app.pipeline.UpCommand;
import dev.flover.app.watch.PsCommand;
import dev.flover.app.watch.StatusCommand;
import dev.flover.app.watch.TopCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The main class of `flover`, with the table of subcommands.
///
/// The bundle of the engine alone has the same main class without Kafka's libraries: there the commands that need Kafka
/// are missing.
@Command(
        name = "flover",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed; one sentence on stderr gives the reason", "2:wrong usage",
                "130:interrupted; 143 by SIGTERM"})
public final class Main implements Runnable {
    private static final List<Class<?>> ENGINE_COMMANDS = List.of(GenerateCommand.class, TokenizeCommand.class,
            InspectCommand.class, DevicesCommand.class, SelftestCommand.class);

    @Spec
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, order = 1000,
            description = "Print this help.")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "Print the version.")
    private boolean version;

    @Option(names = "--verbose", order = 1001, scope = ScopeType.INHERIT,
            description = "Log to stderr, and show the stack trace of a failure.")
    private boolean verbose;

    @Option(names = "--log-level", paramLabel = "LEVEL", order = 1002, scope = ScopeType.INHERIT,
            description = "trace, debug, info, warn, error or off. Default: $FLOVER_LOG_LEVEL or warn. With info, a "
                    + "line for each start, rebalance, outage, and minute of work.")
    private LogOptions.@Nullable Level logLevel;

    @Option(names = "--log-format", paramLabel = "FORM", order = 1003, scope = ScopeType.INHERIT,
            description = "text or json, a JSON object for each line. Default: $FLOVER_LOG_FORMAT or text.")
    private LogOptions.@Nullable Format logFormat;

    public static void main(String[] args) {
        var out = utf8(FileDescriptor.out);
        var err = utf8(FileDescriptor.err);
        try {
            LogOptions.apply(args, System.getenv());
        } catch (IllegalArgumentException e) {
            err.println("flover: " + e.getMessage());
            System.exit(ExitCode.USAGE);
        }
        int code;
        try {
            code = commandLine(out, err).execute(args);
        } catch (OutOfMemoryError e) {
            err.println("flover: " + e.getMessage() + ": " + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MB are not enough; ask for less, or give more with FLOVER_JAVA_OPTS=-Xmx...");
            code = ExitCode.SOFTWARE;
        }
        out.flush();
        err.flush();
        System.exit(code);
    }

    /// Makes the whole command line, whose commands write to `out` and `err`.
    public static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        var failures = new FailureReport();
        boolean kafka = hasKafka();
        var command = new CommandLine(new Main());
        // Each command gets a command line of its own, so that the transformers of its model are applied.
        commands(kafka).forEach(each -> command.addSubcommand(new CommandLine(each)));
        describe(command.getCommandSpec().usageMessage(), kafka);
        spread(command);
        return command
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setAbbreviatedSubcommandsAllowed(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
    }

    private static boolean hasKafka() {
        try {
            Class.forName("org.apache.kafka.streams.KafkaStreams", false, Main.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /// In the order of the help page. Without Kafka's libraries, the classes of the pipeline's commands are not loaded.
    private static List<Class<?>> commands(boolean kafka) {
        var commands = new ArrayList<Class<?>>();
        if (kafka) {
            commands.addAll(List.of(DemoCommand.class, UpCommand.class, ServeCommand.class, SubmitCommand.class,
                    BatchCommand.class, TailCommand.class, CancelCommand.class, ParkedCommand.class,
                    ModelsCommand.class, ForgetCommand.class, ConfigCommand.class, StatusCommand.class,
                    PsCommand.class, TopCommand.class, DoctorCommand.class));
        }
        commands.addAll(ENGINE_COMMANDS);
        ServiceLoader.load(MoreCommands.class).forEach(more -> commands.addAll(more.commands(kafka)));
        return commands;
    }

    private static void describe(UsageMessageSpec page, boolean kafka) {
        var explain = "@|bold ./flover COMMAND --help|@ explains a command.";
        if (kafka) {
            page.description("LLM inference as a Kafka Streams application.");
            page.footer("",
                    "@|bold ./flover demo|@ shows a whole pipeline in a terminal and leaves nothing behind.", explain);
        } else {
            page.description("Flover's engine: LLM inference without Kafka, for machines without a network.");
            page.footer("", explain);
        }
    }

    /// Puts a blank line between a command's description and its options, in each help text.
    private static void spread(CommandLine command) {
        command.getCommandSpec().usageMessage().optionListHeading("%n");
        command.getSubcommands().values().forEach(Main::spread);
    }

    boolean verbose() {
        return verbose;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /// Opens an output stream in UTF-8, whatever the locale is: JSON lines are UTF-8, and so are terminals.
    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
    }
}
