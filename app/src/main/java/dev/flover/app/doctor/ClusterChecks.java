package dev.flover.app.doctor;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Delivery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Checks of the Kafka cluster, as the principal that a pipeline with these settings would be.
final class ClusterChecks {
    private static final int CALL_MS = 8_000;
    private static final int REQUEST_MS = 4_000;
    /// The first finalised `metadata.version` of each release of Kafka.
    private static final TreeMap<Short, String> RELEASES = new TreeMap<>(Map.of((short) 7, "3.3", (short) 8, "3.4",
            (short) 9, "3.5", (short) 12, "3.6", (short) 15, "3.7", (short) 20, "3.8", (short) 21, "3.9",
            (short) 22, "4.0", (short) 26, "4.1", (short) 28, "4.2"));
    private static final short RELEASE_4_3 = 30;
    private static final short SAFE_TRANSACTIONS = 2;

    private final Settings settings;
    private final Connection connection;
    private final PipelineConfig config;

    ClusterChecks(Settings settings, Connection connection, PipelineConfig config) {
        this.settings = settings;
        this.connection = connection;
        this.config = config;
    }

    /// Asks the cluster; each question has a time limit. After a broker that does not answer, nothing else is asked.
    List<Finding> all() {
        var silence = connection.brokerSilence();
        if (silence.isPresent()) {
            String[] sentence = silence.get().split("; ", 2);
            return List.of(Finding.fail("broker", sentence[0], sentence[1]));
        }
        var findings = new ArrayList<Finding>();
        var properties = config.admin();
        properties.put("default.api.timeout.ms", CALL_MS);
        properties.put("request.timeout.ms", REQUEST_MS);
        try (var admin = Admin.create(properties)) {
            findings.add(broker(admin));
            findings.add(version(admin));
            findings.add(transactions());
            findings.addAll(new TopicChecks(admin, config, settings.get(SettingTable.CREATE_TOPICS)
                    || settings.get(SettingTable.EMBEDDED)).all());
            findings.add(new ClockCheck(admin, connection.registryUrl()).check());
        } catch (KafkaException e) {
            findings.add(Finding.fail("broker", connection.bootstrapServers() + ": " + CommandException.reason(e),
                    "where the cluster wants TLS or a password, give it with --client-properties"));
        }
        return findings;
    }

    private Finding broker(Admin admin) {
        var cluster = admin.describeCluster();
        var nodes = await(cluster.nodes());
        return Finding.ok("broker", nodes.size() + (nodes.size() == 1 ? " broker" : " brokers") + " at "
                + connection.bootstrapServers() + ", cluster " + await(cluster.clusterId()));
    }

    private static Finding version(Admin admin) {
        try {
            var features = await(admin.describeFeatures().featureMetadata()).finalizedFeatures();
            short metadata = level(features.get("metadata.version"));
            short transaction = level(features.get("transaction.version"));
            String found = release(metadata) + ", metadata.version " + metadata + ", transaction.version "
                    + transaction;
            return transaction >= SAFE_TRANSACTIONS ? Finding.ok("version", found)
                    : Finding.warn("version", found, "upgrade transaction.version to 2 with kafka-features.sh: it "
                            + "keeps transactions of killed producers from staying open");
        } catch (AuthorizationException e) {
            return Finding.ok("version", "this principal may not ask for it");
        }
    }

    private static short level(@Nullable FinalizedVersionRange range) {
        return range == null ? 0 : range.maxVersionLevel();
    }

    private static String release(short level) {
        var known = RELEASES.floorEntry(level);
        return level >= RELEASE_4_3 ? "Kafka 4.3 or newer"
                : known == null ? "Kafka before 3.3" : "Kafka " + known.getValue();
    }

    /// Initialises a transactional id of its own: this needs a working transaction coordinator, and the grant.
    private Finding transactions() {
        if (config.delivery() == Delivery.AT_LEAST_ONCE) {
            return Finding.ok("transactions", "not used with --delivery at-least-once");
        }
        String id = config.applicationId() + "-doctor";
        var properties = new HashMap<String, Object>(connection.producer());
        properties.put("transactional.id", id);
        properties.put("max.block.ms", CALL_MS);
        properties.put("request.timeout.ms", REQUEST_MS);
        properties.put("delivery.timeout.ms", 2 * CALL_MS);
        try (var producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            return Finding.ok("transactions", "the coordinator accepts the transactional id " + id);
        } catch (AuthorizationException e) {
            return Finding.fail("transactions", e.getMessage(), "grant this principal Write on transactional ids with "
                    + "the prefix " + config.applicationId() + "-");
        } catch (KafkaException e) {
            return Finding.fail("transactions", CommandException.reason(e), "check that __transaction_state exists; "
                    + "with fewer than three brokers, transaction.state.log.replication.factor must be lowered");
        }
    }

    /// Waits for an answer, at most as long as the client's limit.
    static <T> T await(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking the broker", e);
        }
    }
}
