package dev.flover.benchmarks.delivery;

import dev.flover.app.options.CommandException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// A process that is stopped by SIGSTOP until this object is closed.
///
/// A shell stops the process and resumes it when the shell's standard input ends. So the process is resumed also if
/// this one is killed.
final class StoppedProcess implements AutoCloseable {
    private static final String DONE = "stopped";
    private static final int LIMIT_S = 10;

    private final Process shell;

    private StoppedProcess(Process shell) {
        this.shell = shell;
    }

    /// Stops a process and returns when it is stopped.
    static StoppedProcess stop(long pid) {
        try {
            var shell = new ProcessBuilder("/bin/sh", "-c", "trap '' INT QUIT HUP TERM; kill -STOP \"$1\" && echo "
                    + DONE + "; read -r line; kill -CONT \"$1\"", "sh", Long.toString(pid))
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            var output = new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8));
            if (!DONE.equals(output.readLine())) {
                shell.destroyForcibly();
                throw new CommandException("the process " + pid + " cannot be stopped with kill -STOP");
            }
            return new StoppedProcess(shell);
        } catch (IOException e) {
            throw new CommandException("pauses need /bin/sh: " + e.getMessage(), e);
        }
    }

    /// Resumes the process.
    @Override
    public void close() {
        try {
            shell.getOutputStream().close();
            if (!shell.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                throw new CommandException("the shell that holds a process stopped does not end");
            }
        } catch (IOException e) {
            throw new CommandException("the shell that keeps a process stopped has ended: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
