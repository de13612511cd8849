package dev.flover.benchmarks.http;

import java.util.List;
import java.util.Locale;

/// The results of `HttpBenchmark`.
record HttpReport(FirstTokens first, ManyStreams many) {
    List<String> lines() {
        return List.of(
                "first token, Kafka's clients   " + first.kafka(),
                "first token, HTTP              " + first.http(),
                String.format(Locale.ROOT, "added by HTTP                  p50 %.1f ms",
                        first.http().percentile(0.5) - first.kafka().percentile(0.5)),
                many.streams() + " streams, commit to client   " + many.fromCommit(),
                String.format(Locale.ROOT, "memory of the bridge           %.1f KB a stream",
                        many.bytesPerStream() / 1e3));
    }
}
