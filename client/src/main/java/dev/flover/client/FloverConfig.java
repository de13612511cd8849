package dev.flover.client;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/// The cluster, the topics and the limits of a [Flover].
///
/// @param properties properties of Kafka's clients, at least `bootstrap.servers`, and of the schema registry's client,
///                   such as `schema.registry.url`; they may contain secrets
/// @param topics     the names of the topics
/// @param requests   the format in which requests are written; answers are read in both formats
/// @param patience   the longest time without a token of an answer, after which its readers get
///                   [GenerationException.Unavailable]; it includes the time for which a request waits for its turn
public record FloverConfig(Map<String, Object> properties, Topics topics, Format requests, Duration patience) {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int TIMEOUT_MS = 10_000;
    private static final int DELIVERY_MS = 15_000;
    private static final String ISOLATION = ConsumerConfig.ISOLATION_LEVEL_CONFIG;
    private static final String COMMITTED = "read_committed";

    /// The format of a request's record.
    public enum Format {
        /// A JSON object; needs no schema registry.
        JSON,
        /// Avro in Confluent's wire format; needs the property `schema.registry.url`.
        AVRO
    }

    public FloverConfig {
        properties = Map.copyOf(properties);
        if (!properties.containsKey(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG)) {
            throw new IllegalArgumentException("the property bootstrap.servers is missing; expected host:port, or "
                    + "several separated by commas");
        }
        var isolation = properties.getOrDefault(ISOLATION, COMMITTED);
        if (!isolation.equals(COMMITTED)) {
            throw new IllegalArgumentException(ISOLATION + " must be " + COMMITTED + " or left out, was " + isolation
                    + ": tokens that are not committed yet may come again");
        }
        if (requests == Format.AVRO && !properties.containsKey("schema.registry.url")) {
            throw new IllegalArgumentException("the property schema.registry.url is missing, which requests in Avro "
                    + "need");
        }
        if (patience.isNegative() || patience.isZero()) {
            throw new IllegalArgumentException("patience must be longer than 0, was " + patience);
        }
    }

    /// A client of the standard topics of a cluster, with requests in JSON.
    ///
    /// @param bootstrapServers `host:port`, several are separated by commas
    public static FloverConfig of(String bootstrapServers) {
        return of(Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
    }

    /// A client of the standard topics of a cluster, with requests in JSON.
    ///
    /// @param properties of Kafka's clients and of the registry's client
    public static FloverConfig of(Map<String, Object> properties) {
        return new FloverConfig(properties, Topics.standard(), Format.JSON, PATIENCE);
    }

    public FloverConfig with(Topics others) {
        return new FloverConfig(properties, others, requests, patience);
    }

    public FloverConfig with(Format format) {
        return new FloverConfig(properties, topics, format, patience);
    }

    public FloverConfig with(Duration otherPatience) {
        return new FloverConfig(properties, topics, requests, otherPatience);
    }

    Map<String, Object> consumer() {
        var consumer = new HashMap<String, Object>(Map.of("fetch.max.wait.ms", 100,
                "default.api.timeout.ms", TIMEOUT_MS, "request.timeout.ms", TIMEOUT_MS));
        consumer.putAll(properties);
        consumer.remove(ConsumerConfig.GROUP_ID_CONFIG);
        consumer.putAll(Map.of(ISOLATION, COMMITTED, "enable.auto.commit", false, "auto.offset.reset", "earliest",
                "allow.auto.create.topics", false));
        return consumer;
    }

    Map<String, Object> producer() {
        var producer = new HashMap<String, Object>(Map.of("linger.ms", 0, "max.block.ms", TIMEOUT_MS,
                "delivery.timeout.ms", DELIVERY_MS, "request.timeout.ms", TIMEOUT_MS));
        producer.putAll(properties);
        producer.put("acks", "all");
        return producer;
    }

    Map<String, Object> admin() {
        var admin = new HashMap<String, Object>(Map.of("default.api.timeout.ms", TIMEOUT_MS,
                "request.timeout.ms", TIMEOUT_MS));
        admin.putAll(properties);
        return admin;
    }

    /// Prints the names of the properties without their values, because some are secrets.
    @Override
    public String toString() {
        return "FloverConfig[" + new TreeSet<>(properties.keySet()) + ", " + topics + ", " + requests + ", " + patience
                + "]";
    }
}
