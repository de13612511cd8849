package dev.flover.engine.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The machine's C++ compiler, run with warnings as errors.
record HostCompiler(String program) {
    /// The compiler; empty if there is none.
    static Optional<HostCompiler> find() {
        for (var name : new String[] {"g++", "clang++"}) {
            for (var folder : System.getenv("PATH").split(":")) {
                if (Files.isExecutable(Path.of(folder, name))) {
                    return Optional.of(new HostCompiler(name));
                }
            }
        }
        return Optional.empty();
    }

    void run(Path log, String... options) throws IOException {
        var command = new ArrayList<>(List.of(program, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror"));
        command.addAll(List.of(options));
        await(log, command);
    }

    static void await(Path log, List<String> command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError(command + " did not end in five minutes");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new AssertionError(e);
        }
        if (process.exitValue() != 0) {
            throw new AssertionError(command + " failed:\n" + Files.readString(log));
        }
    }
}
