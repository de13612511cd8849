package dev.flover.tests.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// A plain HTTP client, without OpenAI's library.
final class Web {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;

    Web(String url) {
        this.url = url;
    }

    record Answer(int status, JsonNode body, HttpHeaders headers) {
        String text() {
            return body.at("/choices/0/text").asText();
        }

        String error() {
            return body.at("/error/message").asText();
        }
    }

    /// A server-sent event of a stream.
    ///
    /// @param id   the event's id; null if it has none
    /// @param data the event's data as JSON; null for `[DONE]`
    record Event(String id, JsonNode data) {
        /// Tells whether the event takes back tokens that were shown before they were committed.
        boolean isRetraction() {
            return data != null && data.has("characters");
        }

        String text() {
            return data == null ? "" : data.at("/choices/0/text").asText()
                    + data.at("/choices/0/delta/content").asText();
        }
    }

    HttpRequest.Builder request(String path, String... headers) {
        var builder = HttpRequest.newBuilder(URI.create(url + path)).timeout(LIMIT);
        return headers.length == 0 ? builder : builder.headers(headers);
    }

    Answer get(String path, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers).GET().build());
    }

    Answer post(String path, String body, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build());
    }

    Answer send(HttpRequest request) throws IOException, InterruptedException {
        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
        boolean json = response.headers().firstValue("content-type").orElse("").startsWith("application/json");
        return new Answer(response.statusCode(), json ? JSON.readTree(response.body())
                : JSON.getNodeFactory().textNode(response.body()), response.headers());
    }

    List<Event> stream(String path, String body, String... headers) throws IOException, InterruptedException {
        return events(request(path, headers).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), event -> false);
    }

    List<Event> goOn(String path, String... headers) throws IOException, InterruptedException {
        return events(request(path, headers).GET().build(), event -> false);
    }

    /// Returns the events up to the end of the stream, or up to the first event after which the client disconnects.
    List<Event> events(HttpRequest request, Predicate<Event> leavesAfter) throws IOException, InterruptedException {
        var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        var events = new ArrayList<Event>();
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            if (response.statusCode() != 200) {
                throw new AssertionError(response.statusCode() + ": " + lines.readLine());
            }
            String id = null;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("data: ")) {
                    String data = line.substring(6);
                    events.add(new Event(id, data.equals("[DONE]") ? null : JSON.readTree(data)));
                    id = null;
                    if (leavesAfter.test(events.getLast())) {
                        break;
                    }
                }
            }
        }
        return events;
    }

    static String text(List<Event> events) {
        return String.join("", events.stream().map(Event::text).toList());
    }
}
