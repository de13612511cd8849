package dev.flover.benchmarks;

import dev.flover.app.Main;
import java.io.PrintWriter;
import java.io.StringWriter;

/// The exit code and the output of a command that is run as a user would run it.
///
/// @param code the exit code
public record Console(int code, String out, String err) {
    public static Console run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code = Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
        return new Console(code, out.toString(), err.toString());
    }
}
