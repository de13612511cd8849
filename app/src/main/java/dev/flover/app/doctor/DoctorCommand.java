package dev.flover.app.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.connection.PipelineListener;
import dev.flover.app.connection.RunningPipeline;
import dev.flover.app.doctor.Finding.Verdict;
import dev.flover.app.options.CommandException;
import dev.flover.app.pipeline.ConfigCommand;
import dev.flover.app.pipeline.PipelineSettings;
import dev.flover.app.settings.SettingException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `doctor`: checks machine, cluster and registry, a line each.
@Command(
        name = "doctor",
        modelTransformer = SettingOptions.OfPipeline.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Checks whether a pipeline with these settings would run: JDK, cores, memory, GPU, broker, "
                + "transactions, grants, topics, registry, clock, ports. Prints a line for each check, and the remedy "
                + "where one is needed. Accepts the options of `up` and starts nothing.",
        footer = {"", "Ends with 1 if a check has failed."})
public final class DoctorCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print a JSON array with an object for each check: check, verdict "
            + "(ok, warn or fail), found, mend (the remedy).")
    private boolean json;

    @Option(names = "--bundle", paramLabel = "FILE.zip", description = "Also write a file for support: the findings, "
            + "the settings as `config` shows them, versions, and metrics, status and threads of the pipeline that "
            + "runs here. No prompt, no answer, no secret.")
    private @Nullable Path bundle;

    @Option(names = "--at", paramLabel = "URL", description = "For --bundle: address of the metrics of a pipeline on "
            + "another machine. Default: the pipeline on this machine, if one runs.")
    private @Nullable String at;

    @Override
    public void run() {
        var settings = SettingOptions.of(spec);
        requireFit(settings);
        requireNew(bundle);
        var findings = new ArrayList<Finding>();
        report(findings, new MachineChecks(settings).all());
        reportServers(findings, settings);
        if (json) {
            spec.commandLine().getOut().println(json(findings));
        }
        if (bundle != null) {
            pack(bundle, settings, findings);
        }
        long failed = findings.stream().filter(each -> each.verdict() == Verdict.FAIL).count();
        long warned = findings.stream().filter(each -> each.verdict() == Verdict.WARN).count();
        if (failed > 0) {
            throw new CommandException(failed + " of " + findings.size() + " checks failed"
                    + (warned == 0 ? "" : ", " + warnings(warned)));
        }
        if (!json) {
            spec.commandLine().getOut().println(findings.size() + " checks, "
                    + (warned == 0 ? "all ok" : warnings(warned)));
        }
    }

    private static String warnings(long count) {
        return count + (count == 1 ? " warning" : " warnings");
    }

    private void requireFit(Settings settings) {
        try {
            new PipelineSettings(settings).engine();
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void requireNew(@Nullable Path file) {
        if (file != null && Files.exists(file)) {
            throw new ParameterException(spec.commandLine(), "--bundle must name a new file, and " + file + " exists");
        }
    }

    private void pack(Path file, Settings settings, List<Finding> findings) {
        var packed = new SupportBundle(settings);
        packed.add("findings.json", json(findings));
        packed.add("settings.json", ConfigCommand.json(settings));
        packed.add("versions.txt", String.join("\n", spec.root().version()) + "\n" + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + "\n");
        pages(settings).forEach(packed::add);
        packed.write(file);
        spec.commandLine().getErr().println("flover: " + file + " is written; look into it before you send it");
    }

    /// Returns the pages of the running pipeline; a page that cannot be read is replaced by the reason.
    private Map<String, String> pages(Settings settings) {
        var pages = new LinkedHashMap<String, String>();
        try (var listener = PipelineListener.find(settings, Optional.ofNullable(at))) {
            for (String page : List.of("health", "status", "metrics", "threads")) {
                pages.put(page + ".txt", page(listener, page));
            }
        } catch (CommandException e) {
            pages.put("pipeline.txt", e.getMessage() + "\n");
        }
        return pages;
    }

    private static String page(PipelineListener listener, String page) {
        try {
            return listener.get("/" + page);
        } catch (CommandException e) {
            return e.getMessage() + "\n";
        }
    }

    private void reportServers(List<Finding> findings, Settings settings) {
        if (settings.get(SettingTable.EMBEDDED) && RunningPipeline.all().isEmpty()) {
            report(findings, List.of(Finding.ok("broker", "`up --embedded` brings its own, and the registry")));
            return;
        }
        var connection = ClientTarget.cluster(settings, line -> spec.commandLine().getErr().println("flover: " + line));
        var config = new PipelineSettings(settings).pipeline(connection);
        report(findings, new ClusterChecks(settings, connection, config).all());
        report(findings, List.of(RegistryCheck.of(connection, config.topics())));
    }

    private void report(List<Finding> findings, List<Finding> more) {
        findings.addAll(more);
        if (!json) {
            more.forEach(this::print);
        }
    }

    private void print(Finding finding) {
        PrintWriter out = spec.commandLine().getOut();
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        String verdict = switch (finding.verdict()) {
            case OK -> ansi.string("@|green ok|@  ");
            case WARN -> ansi.string("@|yellow warn|@");
            case FAIL -> ansi.string("@|bold,red FAIL|@");
        };
        out.println(verdict + "  " + String.format("%-21s", finding.check()) + " " + finding.found());
        if (finding.mend() != null) {
            out.println(" ".repeat(28) + "> " + finding.mend());
        }
        out.flush();
    }

    private static String json(List<Finding> findings) {
        try {
            return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(findings);
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }
}
