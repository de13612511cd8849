package dev.flover.benchmarks.http;

import java.util.List;
import java.util.Locale;

/// The results of `HttpBenchmark`.
record HttpReport(FirstTokens first, EagerTokens eager, ManyStreams many, OldAnswers old) {
    List<String> lines() {
        return List.of(
                "first token, Kafka's clients   " + first.kafka(),
                "first token, HTTP              " + first.http(),
                String.format(Locale.ROOT, "added by HTTP                  p50 %.1f ms",
                        first.http().percentile(0.5) - first.kafka().percentile(0.5)),
                "first of 64 tokens, committed  " + eager.committed(),
                "first of 64 tokens, eager      " + eager.eager(),
                "eager before committed         " + eager.lead(),
                many.streams() + " streams, commit to client   " + many.fromCommit(),
                String.format(Locale.ROOT, "memory of the bridge           %.1f KB a stream",
                        many.bytesPerStream() / 1e3),
                old.kept() + " answers kept, one by its place     " + old.byPlace(),
                old.kept() + " answers kept, one after an event   " + old.byEvent());
    }
}
