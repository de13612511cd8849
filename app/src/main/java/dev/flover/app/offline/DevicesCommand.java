package dev.flover.app.offline;

import dev.flover.engine.backend.Backends;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `devices`: what can compute here.
@Command(
        name = "devices",
        description = "Lists the backends, and why each does or does not work on this machine.",
        footer = {"", "Backends with the same arithmetic give the same tokens, bit for bit."})
public final class DevicesCommand implements Runnable {
    private static final List<String> BACKENDS = List.of("cuda", "cpu", "cpu-java", "reference");

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%d cores, Java %s, %s%n%n", Runtime.getRuntime().availableProcessors(),
                Runtime.version().feature(), System.getProperty("os.arch"));
        for (String name : BACKENDS) {
            out.printf("%-10s %s%n", name, verdict(name));
        }
        out.printf("%-10s %s%n", "auto", "takes " + chosen());
    }

    private static String verdict(String name) {
        try (var backend = Backends.open(name, 0)) {
            return "works, arithmetic " + backend.arithmetic();
        } catch (IllegalArgumentException | LinkageError e) {
            return "does not work here: " + e.getMessage();
        }
    }

    private static String chosen() {
        try (var backend = Backends.open("auto", 0)) {
            return backend.name();
        } catch (IllegalArgumentException e) {
            return "nothing: " + e.getMessage();
        }
    }
}
