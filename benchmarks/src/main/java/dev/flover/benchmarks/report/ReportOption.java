package dev.flover.benchmarks.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The option `--json`.
public final class ReportOption {
    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--json", description = "Print the outcome as one JSON object to stdout, and all other output to "
            + "stderr.")
    private boolean json;

    /// Tells whether the outcome is printed as JSON.
    public boolean isJson() {
        return json;
    }

    /// Returns where output belongs that is not the outcome.
    public PrintWriter narration() {
        return json ? command.commandLine().getErr() : command.commandLine().getOut();
    }

    /// Prints the outcome: the report as JSON, or else the lines.
    ///
    /// @param report a record of numbers and names
    public void print(Object report, List<String> lines) {
        PrintWriter out = command.commandLine().getOut();
        if (json) {
            out.println(jsonOf(report));
        } else {
            lines.forEach(out::println);
        }
        out.flush();
    }

    private static String jsonOf(Object report) {
        try {
            return MAPPER.writeValueAsString(report);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report of numbers and names could not be written", e);
        }
    }
}
