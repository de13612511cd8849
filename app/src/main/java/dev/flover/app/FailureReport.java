package dev.flover.app;

import dev.flover.app.client.Refusal;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingException;
import dev.flover.embedded.EmbeddedServerException;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.format.ModelFileException;
import dev.flover.http.jobs.JobsException;
import dev.flover.schemas.json.NearestName;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;
import picocli.CommandLine;

/// Turns a command's exception into one sentence on stderr and an exit code.
final class FailureReport implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private static final int LETTERS_PER_MISTAKE = 3;

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        say(command, sentence(failure));
        if (isUnknownCommand(failure)) {
            err.println(suggestion(command, unknownCommand((UnmatchedArgumentException) failure)));
        } else if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
            err.println(command.getColorScheme().text("Try @|bold " + command.getCommandSpec().qualifiedName()
                    + " --help|@."));
        }
        err.flush();
        return ExitCode.USAGE;
    }

    private static boolean isUnknownCommand(ParameterException failure) {
        return failure instanceof UnmatchedArgumentException unmatched
                && !failure.getCommandLine().getSubcommands().isEmpty()
                && !unmatched.getUnmatched().getFirst().startsWith("-");
    }

    /// Returns the word that is no command: the first one that was not understood, or a word before it that was taken
    /// for a file and is none.
    private static String unknownCommand(UnmatchedArgumentException failure) {
        for (var parameter : failure.getCommandLine().getCommandSpec().positionalParameters()) {
            if (parameter.getValue() instanceof String word && !word.equals("-") && !Files.exists(Path.of(word))) {
                return word;
            }
        }
        return failure.getUnmatched().getFirst();
    }

    /// Returns the command whose name is a few letters away from a misspelt one, or else where to find all of them.
    private static String suggestion(CommandLine command, String wrong) {
        String start = command.getCommandSpec().qualifiedName() + " ";
        String nearest = NearestName.to(wrong, command.getSubcommands().keySet());
        int near = Math.max(1, wrong.length() / LETTERS_PER_MISTAKE);
        return NearestName.distance(wrong.toLowerCase(Locale.ROOT), nearest) <= near
                ? command.getColorScheme().text("Did you mean @|bold " + start + nearest + "|@?").toString()
                : command.getColorScheme().text("Try @|bold " + start + "--help|@.").toString();
    }

    private static String sentence(ParameterException failure) {
        if (isUnknownCommand(failure)) {
            return "there is no command " + unknownCommand((UnmatchedArgumentException) failure);
        }
        if (failure instanceof UnmatchedArgumentException unmatched && unmatched.isUnknownOption()) {
            return "there is no option " + unmatched.getUnmatched().getFirst();
        }
        if (failure.getCause() instanceof SettingException) {
            return failure.getMessage();       // unchanged, since it may begin with a file name
        }
        String message = failure.getMessage().replaceFirst("^Error: ", "");
        boolean word = message.length() > 1 && Character.isLowerCase(message.charAt(1));     // rather than PROMPT
        return word ? message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1) : message;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        if (isEnding()) {
            return ExitCode.SOFTWARE;      // a signal is ending this process, which caused the failure
        }
        boolean verbose = ((Main) command.getCommandSpec().root().userObject()).verbose();
        if (verbose) {
            command.getErr().print(trace(failure));
        }
        say(command, sentence(failure, verbose));
        return ExitCode.SOFTWARE;
    }

    private static boolean isEnding() {
        var hook = new Thread(() -> { }, "never-run");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            Runtime.getRuntime().removeShutdownHook(hook);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    /// The messages of exceptions that are meant for users are printed as they are. Any other exception is a fault of
    /// this program and is reported as unexpected.
    private static String sentence(Exception failure, boolean verbose) {
        return switch (failure) {
            case CommandException expected -> expected.getMessage();
            case JobsException expected -> expected.getCause() == null ? expected.getMessage()
                    : expected.what() + ": " + Refusal.reason(expected.getCause());
            case EmbeddedServerException expected -> expected.getMessage();
            case ModelFileException expected -> expected.getMessage();
            case EngineException expected -> expected.getMessage();
            default -> "unexpected " + failure + (verbose ? "" : " (--verbose shows where)");
        };
    }

    private static void say(CommandLine command, String sentence) {
        var text = command.getColorScheme().errorText("flover: ");
        command.getErr().println(text + sentence);
        command.getErr().flush();
    }

    private static String trace(Exception failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
