package dev.flover.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Measures the time from a request to its first committed token, through the bridge and through Kafka's clients in
/// turn, one request at a time.
record FirstTokens(Times kafka, Times http) {
    private static final String BODY = "{\"prompt\": \"It was a dark night\", \"max_tokens\": 8, \"temperature\": 0, "
            + "\"ignore_eos\": true";
    private static final int WARM_UP = 20;
    private static final Duration POLL = Duration.ofMillis(100);

    static FirstTokens measure(String url, String broker, TopicNames topics, int requests) throws Exception {
        var kafkaNanos = new long[requests];
        var httpNanos = new long[requests];
        try (var client = HttpClient.newHttpClient();
                var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", broker, "linger.ms", 0),
                        new ByteArraySerializer(), new ByteArraySerializer());
                var consumer = new KafkaConsumer<>(Map.<String, Object>of("bootstrap.servers", broker,
                        "isolation.level", "read_committed"), new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            consumer.assign(consumer.partitionsFor(topics.tokens()).stream()
                    .map(each -> new TopicPartition(each.topic(), each.partition())).toList());
            consumer.seekToEnd(consumer.assignment());
            consumer.assignment().forEach(consumer::position);
            int warmUp = Math.min(WARM_UP, requests);
            for (int i = -warmUp; i < requests; i++) {
                long byKafka = kafka(producer, consumer, topics.requests(), "kafka-" + i);
                long byHttp = http(client, url);
                if (i >= 0) {
                    kafkaNanos[i] = byKafka;
                    httpNanos[i] = byHttp;
                }
            }
        }
        return new FirstTokens(Times.ofNanos(kafkaNanos), Times.ofNanos(httpNanos));
    }

    private static long kafka(KafkaProducer<byte[], byte[]> producer, KafkaConsumer<byte[], byte[]> consumer,
            String topic, String id) {
        byte[] key = id.getBytes(UTF_8);
        long begin = System.nanoTime();
        producer.send(new ProducerRecord<>(topic, key, (BODY + "}").getBytes(UTF_8)));
        long first = 0;
        while (true) {
            for (var record : consumer.poll(POLL)) {
                if (Arrays.equals(record.key(), key)) {
                    first = first == 0 ? System.nanoTime() - begin : first;
                    if (new String(record.value(), UTF_8).contains("\"terminal\":true")) {
                        return first;
                    }
                }
            }
        }
    }

    private static long http(HttpClient client, String url) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(BODY + ", \"stream\": true}")).build();
        long begin = System.nanoTime();
        long first = 0;
        var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                first = first == 0 && line.startsWith("data: ") ? System.nanoTime() - begin : first;
            }
        }
        if (first == 0) {
            throw new IllegalStateException("expected a stream, found status " + response.statusCode());
        }
        return first;
    }
}
