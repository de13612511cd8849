package dev.flover.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/// Measures the same request as a committed and as an eager stream in turn, one request at a time.
///
/// @param committed time from a request to its first token in a committed stream
/// @param eager     the same in an eager stream
/// @param lead      for each event of an eager stream: how much earlier its text came than in the committed stream
record EagerTokens(Times committed, Times eager, Times lead) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DATA = "data: ";
    private static final String BODY = "{\"prompt\": \"It was a dark night\", \"max_tokens\": 64, \"temperature\": 0, "
            + "\"ignore_eos\": true, \"stream\": true}";
    private static final int WARM_UP = 10;

    /// The end of an event's text in its answer, and the time since the request.
    private record Arrival(int end, long nanos) {}

    static EagerTokens measure(String url, int requests) throws Exception {
        var committed = new long[requests];
        var eager = new long[requests];
        var leads = new ArrayList<Long>();
        try (var client = HttpClient.newHttpClient()) {
            for (int i = -Math.min(WARM_UP, requests); i < requests; i++) {
                var late = arrivals(client, url, "committed");
                var early = arrivals(client, url, "eager");
                if (i >= 0) {
                    committed[i] = late.getFirst().nanos();
                    eager[i] = early.getFirst().nanos();
                    early.forEach(each -> leads.add(at(late, each.end()) - each.nanos()));
                }
            }
        }
        return new EagerTokens(Times.ofNanos(committed), Times.ofNanos(eager),
                Times.ofNanos(leads.stream().mapToLong(Long::longValue).toArray()));
    }

    /// Returns when the text up to `end` had arrived.
    private static long at(List<Arrival> arrivals, int end) {
        return arrivals.stream().filter(each -> each.end() >= end).findFirst().orElseThrow(() ->
                new IllegalStateException("the committed stream ends before the eager one")).nanos();
    }

    private static List<Arrival> arrivals(HttpClient client, String url, String consistency) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
                .header("Content-Type", "application/json").header("Flover-Consistency", consistency)
                .POST(HttpRequest.BodyPublishers.ofString(BODY)).build();
        var arrivals = new ArrayList<Arrival>();
        long begin = System.nanoTime();
        var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        int end = 0;
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("event: retract")) {
                    throw new IllegalStateException("tokens were retracted although nothing was killed");
                }
                if (line.startsWith(DATA) && line.contains("\"choices\"")) {
                    long nanos = System.nanoTime() - begin;
                    end += JSON.readTree(line.substring(DATA.length())).at("/choices/0/text").asText().length();
                    arrivals.add(new Arrival(end, nanos));
                }
            }
        }
        if (arrivals.isEmpty()) {
            throw new IllegalStateException("expected a stream, found status " + response.statusCode());
        }
        return arrivals;
    }
}
