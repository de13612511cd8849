package dev.flover.app.tracing;

import dev.flover.app.options.CommandException;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// Starts OpenTelemetry's SDK. A class of its own, so that the SDK is loaded only where it is used.
final class SpanSdk {
    private static final String NONE = "none";
    private static final Map<String, String> DEFAULTS = Map.of(
            "otel.service.name", "flover", "otel.exporter.otlp.protocol", "http/protobuf",
            "otel.metrics.exporter", NONE, "otel.logs.exporter", NONE);

    private SpanSdk() {}

    /// @throws CommandException if the variables cannot be used
    static OpenTelemetrySdk of(Map<String, String> environment) {
        try {
            return AutoConfiguredOpenTelemetrySdk.builder().addPropertiesSupplier(() -> properties(environment))
                    .disableShutdownHook().build().getOpenTelemetrySdk();
        } catch (ConfigurationException | IllegalArgumentException | IllegalStateException e) {
            throw new CommandException("the variables OTEL_... cannot be used: " + e.getMessage()
                    + "; the protocol has to be http/protobuf", e);
        }
    }

    /// The SDK's properties: the environment variables under the names that the SDK uses, and our defaults for
    /// properties without a variable.
    private static Map<String, String> properties(Map<String, String> environment) {
        var properties = new HashMap<>(DEFAULTS);
        environment.forEach((name, value) -> {
            if (name.startsWith("OTEL_")) {
                properties.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value);
            }
        });
        return properties;
    }
}
