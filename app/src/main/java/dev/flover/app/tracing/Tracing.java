package dev.flover.app.tracing;

import dev.flover.topology.notes.GenerationNotes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// Starts the export of spans, where the environment asks for it.
public final class Tracing {
    private static final List<String> ENDPOINTS =
            List.of("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    private static final String EXPORTER = "OTEL_TRACES_EXPORTER";
    private static final String DISABLED = "OTEL_SDK_DISABLED";
    private static final String NONE = "none";

    private Tracing() {}

    /// Whether variables of OpenTelemetry ask for spans.
    static boolean isWanted(Map<String, String> environment) {
        String exporter = environment.getOrDefault(EXPORTER, "");
        boolean named = ENDPOINTS.stream().anyMatch(name -> !environment.getOrDefault(name, "").isBlank())
                || !exporter.isBlank();
        return named && !exporter.strip().equals(NONE)
                && !environment.getOrDefault(DISABLED, "").strip().equalsIgnoreCase("true");
    }

    /// Starts the export of spans; empty where the environment does not ask for it.
    ///
    /// @param notes the pipeline's notes; empty while it starts
    /// @throws dev.flover.app.options.CommandException if the variables contradict each other
    public static Optional<GenerationSpans> start(Map<String, String> environment, GenerationSpans.Names names,
            Supplier<Optional<GenerationNotes>> notes) {
        if (!isWanted(environment)) {
            return Optional.empty();
        }
        return Optional.of(GenerationSpans.start(SpanSdk.of(environment), names, notes));
    }
}
