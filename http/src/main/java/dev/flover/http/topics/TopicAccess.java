package dev.flover.http.topics;

import java.util.HashMap;
import java.util.Map;

/// The names of the topics, and the properties of their clients.
///
/// @param consumerProperties properties of consumers and admin clients
/// @param producerProperties properties of producers
/// @param registry           properties of the schema registry's client, which is used only for chunks in Avro
public record TopicAccess(TopicsOfBridge topics, Map<String, String> consumerProperties,
        Map<String, String> producerProperties, Map<String, String> registry) {
    /// The topics that a bridge uses.
    public record TopicsOfBridge(String requests, String tokens, String results, String models) {}

    public TopicAccess {
        consumerProperties = Map.copyOf(consumerProperties);
        producerProperties = Map.copyOf(producerProperties);
        registry = Map.copyOf(registry);
    }

    /// Returns the properties of a consumer of committed records, without a group.
    public Map<String, Object> consumer() {
        var properties = new HashMap<String, Object>(Map.of(
                "isolation.level", "read_committed", "enable.auto.commit", false, "auto.offset.reset", "earliest",
                "fetch.max.wait.ms", 100, "default.api.timeout.ms", 10_000, "request.timeout.ms", 10_000,
                "allow.auto.create.topics", false));
        properties.putAll(consumerProperties);
        return properties;
    }

    /// Returns the properties of a consumer that also reads records of open and aborted transactions.
    public Map<String, Object> uncommitted() {
        var properties = consumer();
        properties.put("isolation.level", "read_uncommitted");
        return properties;
    }

    Map<String, Object> producer() {
        var properties = new HashMap<String, Object>(Map.of(
                "acks", "all", "linger.ms", 0, "max.block.ms", 10_000, "delivery.timeout.ms", 15_000,
                "request.timeout.ms", 10_000));
        properties.putAll(producerProperties);
        return properties;
    }

    public Map<String, Object> admin() {
        var properties = new HashMap<String, Object>(Map.of("default.api.timeout.ms", 5_000,
                "request.timeout.ms", 5_000));
        properties.putAll(consumerProperties);
        return properties;
    }
}
