package dev.flover.app.offline;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.KernelTuning;
import dev.flover.engine.Backends;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `devices`: lists the backends, and why each does or does not work on this machine.
@Command(
        name = "devices",
        description = "Lists the backends, and why each does or does not work on this machine.",
        footer = {"", "Backends with the same arithmetic give the same tokens, bit for bit."})
public final class DevicesCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print a JSON array of objects: name, usable, detail.")
    private boolean json;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().valueToTree(Backends.survey()).toPrettyString());
            return;
        }
        out.printf(Locale.ROOT, "%d cores, Java %s, %s%n%n", Runtime.getRuntime().availableProcessors(),
                Runtime.version().feature(), System.getProperty("os.arch"));
        for (var report : Backends.survey()) {
            out.printf("%-10s %s%n", report.name(),
                    (report.usable() ? "works, " : "does not work here: ") + report.detail());
        }
        try (var backend = Backends.open("auto", 0)) {
            out.printf("%-10s %s%n", "auto", "takes " + backend.name());
            KernelTuning.apply(backend, 0).ifPresent(chosen -> out.printf("%-10s %s%n", "kernels", chosen));
        } catch (IllegalArgumentException e) {
            out.printf("%-10s %s%n", "auto", "takes nothing: " + e.getMessage());
        }
    }
}
