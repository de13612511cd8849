package dev.flover.app.tracing;

import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.notes.GenerationNotes.Note;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes a span of each generation that ends, with a link to the span that produced its record.
///
/// A thread of its own reads the notes twice a second. The stream thread has no part in it.
public final class GenerationSpans implements AutoCloseable {
    private static final long LOOK_MS = 500;
    private static final long FLUSH_S = 5;
    /// W3C Trace Context, version 00: trace id, parent id, flags.
    private static final Pattern TRACEPARENT = Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})");
    private static final AttributeKey<List<String>> REASONS =
            AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");

    private final OpenTelemetrySdk sdk;
    private final Tracer tracer;
    private final Names names;
    private final Supplier<Optional<GenerationNotes>> notes;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "flover-spans");
    private long read;

    /// The names that are attributes of all spans of a pipeline.
    ///
    /// @param model the name of the served model
    /// @param topic the requests topic
    public record Names(String model, String topic, String applicationId) {}

    private GenerationSpans(OpenTelemetrySdk sdk, Names names, Supplier<Optional<GenerationNotes>> notes) {
        this.sdk = sdk;
        this.names = names;
        this.notes = notes;
        tracer = sdk.getTracer("dev.flover");
        thread.setDaemon(true);
    }

    static GenerationSpans start(OpenTelemetrySdk sdk, Names names, Supplier<Optional<GenerationNotes>> notes) {
        var spans = new GenerationSpans(sdk, names, notes);
        spans.thread.start();
        return spans;
    }

    private void run() {
        try {
            while (!closing.await(LOOK_MS, TimeUnit.MILLISECONDS)) {
                takeNotes();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void takeNotes() {
        notes.get().ifPresent(from -> read = from.read(read, note -> {
            if (note instanceof Note.Ended ended) {
                span(ended);
            }
        }));
    }

    private void span(Note.Ended ended) {
        var origin = ended.origin();
        var builder = tracer.spanBuilder("generation").setSpanKind(SpanKind.CONSUMER).setNoParent()
                .setStartTimestamp(origin.readAt(), TimeUnit.MILLISECONDS)
                .setAttribute("gen_ai.operation.name", "text_completion")
                .setAttribute("gen_ai.request.model", names.model())
                .setAttribute("gen_ai.usage.input_tokens", (long) origin.promptTokens())
                .setAttribute("gen_ai.usage.output_tokens", (long) ended.tokens())
                .setAttribute(REASONS, List.of(ended.reason()))
                .setAttribute("messaging.system", "kafka")
                .setAttribute("messaging.destination.name", names.topic())
                .setAttribute("messaging.destination.partition.id", Integer.toString(origin.partition()))
                .setAttribute("messaging.kafka.offset", origin.offset())
                .setAttribute("messaging.kafka.message.key", origin.id())
                .setAttribute("messaging.consumer.group.name", names.applicationId());
        if (!origin.tenant().isEmpty()) {
            builder.setAttribute("flover.tenant", origin.tenant());
        }
        producer(ended.traceparent()).ifPresent(builder::addLink);
        var span = builder.startSpan();
        if (ended.firstTokenAt() > 0) {
            span.addEvent("first token", ended.firstTokenAt(), TimeUnit.MILLISECONDS);
        }
        if (ended.reason().equals("error")) {
            span.setStatus(StatusCode.ERROR);
        }
        span.end(Math.max(ended.at(), origin.readAt()), TimeUnit.MILLISECONDS);
    }

    /// The span that a header `traceparent` names; empty where there is none, or it has another form.
    private static Optional<SpanContext> producer(@Nullable String traceparent) {
        var parts = TRACEPARENT.matcher(traceparent == null ? "" : traceparent);
        return parts.matches()
                ? Optional.of(SpanContext.createFromRemoteParent(parts.group(1), parts.group(2),
                        TraceFlags.fromHex(parts.group(3), 0), TraceState.getDefault())).filter(SpanContext::isValid)
                : Optional.empty();
    }

    /// Sends the spans of all generations that have ended, waiting at most five seconds for the collector.
    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        takeNotes();
        sdk.getSdkTracerProvider().forceFlush().join(FLUSH_S, TimeUnit.SECONDS);
        sdk.getSdkTracerProvider().shutdown();
    }
}
