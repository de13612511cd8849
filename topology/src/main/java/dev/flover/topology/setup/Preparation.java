package dev.flover.topology.setup;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.models.Begin;
import dev.flover.topology.models.Orders;
import dev.flover.topology.models.Orders.Registered;
import dev.flover.topology.position.GroupState;
import dev.flover.topology.records.Forwarding;
import dev.flover.topology.records.Homes;
import dev.flover.topology.state.StateKeys;
import dev.flover.topology.state.StoreNames;
import dev.flover.topology.weather.GroupMembers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/// The checks and decisions before each life of Kafka Streams. Each method throws [KafkaException] where the pipeline
/// has to wait for something in the cluster, and try again.
public final class Preparation {
    private final PipelineConfig config;
    private final LongSupplier wall;
    private final CountDownLatch closing;
    private int resultBytes;
    private @Nullable Homes homes;

    /// @param wall    the wall clock, ms since 1970
    /// @param closing counted down when the pipeline is closed, which ends a wait
    public Preparation(PipelineConfig config, LongSupplier wall, CountDownLatch closing) {
        this.config = config;
        this.wall = wall;
        this.closing = closing;
    }

    public Map<String, Object> adminProperties() {
        var properties = config.admin();
        properties.putIfAbsent(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, "15000");
        properties.putIfAbsent(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, "5000");
        return properties;
    }

    public void checkTopics() {
        try (var admin = Admin.create(adminProperties())) {
            var topics = new Topics(admin, config.topics());
            var missing = topics.missing();
            if (!missing.isEmpty()) {
                throw new KafkaException("missing: " + String.join(", ", missing) + "; create them, or let the "
                        + "pipeline create its topics");
            }
            topics.agree();
            resultBytes = topics.check(config.limits());
            topics.warnOfRetention(config.applicationId(), System.currentTimeMillis());
        }
    }

    public void checkGroup() {
        try (var admin = Admin.create(adminProperties())) {
            new GroupMembers(admin, config.applicationId()).requireOwn();
        }
    }

    /// Registers the group in the models topic. Before the first record is read, this decides from which offset on the
    /// group answers, and which partitions may know an id.
    ///
    /// @param before the previous result of this method in this process; null the first time
    public Registered register(@Nullable Registered before) {
        var topics = config.topics();
        var serving = config.serving();
        var names = new ArrayList<>(List.of(config.servedModel()));
        names.addAll(serving.aliases());
        // If the requests topic was deleted and created anew while this process lives, no group has read its records.
        var begin = serving.begin() == null && before != null ? new Begin.Earliest() : serving.begin();
        try (var admin = Admin.create(adminProperties());
                var orders = new Orders(config.kafka(), topics.models(), topics.requests(), closing)) {
            var state = new GroupState(admin, config.kafka(), config.applicationId(), StoreNames.ALL,
                    StoreNames.ATTEMPTS, StateKeys.position().get());
            var counts = orders.countPartitions(state.partitions());
            state.grow(topics.requests(), counts.now());
            if (counts.haveGrown()) {
                new Topics(admin, topics).prepareForwarding(Forwarding.topic(config.applicationId()), counts.now());
            }
            homes = Homes.of(counts, wall, config.remembering().ended());
            return orders.register(names, serving.defaultGroup(), begin, serving.lostState(),
                    Homes.looking(config.remembering().ended()), state);
        }
    }

    /// The largest result that the results topic accepts, in bytes.
    public int resultBytes() {
        return resultBytes;
    }

    public Homes homes() {
        return Objects.requireNonNull(homes, "the group is not registered yet");
    }
}
