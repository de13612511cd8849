package dev.flover.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonRecords;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Measures how fast a bridge begins to send old answers while the topic keeps many others.
///
/// @param kept    number of answers on the topic
/// @param byPlace time to the first byte of the text from position 2 on, with the place of the answer (`from` and `at`)
/// @param byEvent time to the first byte after a given event (`Last-Event-ID`)
record OldAnswers(int kept, Times byPlace, Times byEvent) {
    private static final int CHUNKS = 3;
    private static final int TOKENS = 2;

    /// An answer that is asked for.
    private record Asked(String id, Future<RecordMetadata> first) {}

    /// @param answers number of answers to write
    /// @param asked   number of answers to ask for, spread evenly over all
    static OldAnswers measure(String url, String broker, String topic, int answers, int asked) throws Exception {
        var known = write(broker, topic, answers, Math.min(asked, answers));
        var byPlace = new long[known.size()];
        var byEvent = new long[known.size()];
        try (var client = HttpClient.newHttpClient()) {
            for (int i = 0; i < known.size(); i++) {
                var id = known.get(i).id();
                var first = known.get(i).first().get();
                String path = url + "/v1/generations/" + id + "/stream?as=completion";
                byPlace[i] = firstByte(client, HttpRequest.newBuilder(URI.create(
                        path + "&from=" + TOKENS + "&at=" + first.partition() + ":" + first.offset())));
                byEvent[i] = firstByte(client, HttpRequest.newBuilder(URI.create(path))
                        .header("Last-Event-ID", "t" + TOKENS + "-" + first.partition() + "-" + first.offset()));
            }
        }
        return new OldAnswers(answers, Times.ofNanos(byPlace), Times.ofNanos(byEvent));
    }

    /// Writes short answers of a few chunks each, without waiting for each, and returns those that are asked for.
    private static List<Asked> write(String broker, String topic, int answers, int asked) {
        var known = new ArrayList<Asked>();
        try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", broker,
                "linger.ms", 20, "batch.size", 1 << 18), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int answer = 0; answer < answers; answer++) {
                String id = "old-" + answer;
                Future<RecordMetadata> first = null;
                for (int chunk = 0; chunk < CHUNKS; chunk++) {
                    var written = producer.send(new ProducerRecord<>(topic, id.getBytes(UTF_8), chunk(id, chunk)));
                    first = chunk == 0 ? written : first;
                }
                if ((long) answer * asked / answers != (answer + 1L) * asked / answers) {
                    known.add(new Asked(id, Objects.requireNonNull(first)));
                }
            }
        }
        return known;
    }

    private static byte[] chunk(String id, int number) {
        int position = number * TOKENS;
        return JsonRecords.write(TokenChunk.newBuilder().setRequestId(id).setPosition(position)
                .setTokenIds(List.of(position, position + 1)).setText(" two words").setTerminal(number == CHUNKS - 1)
                .build());
    }

    /// Returns the time until the first byte of the first event, and reads the stream to its end.
    private static long firstByte(HttpClient client, HttpRequest.Builder request) throws Exception {
        long begin = System.nanoTime();
        var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (var body = response.body()) {
            int read = body.read();
            long nanos = System.nanoTime() - begin;
            var lines = new BufferedReader(new InputStreamReader(body, UTF_8)).lines().toList();
            if (response.statusCode() != 200 || read < 0 || !lines.contains("data: [DONE]")) {
                throw new IllegalStateException("expected a whole stream, found status " + response.statusCode() + ": "
                        + lines);
            }
            return nanos;
        }
    }
}
