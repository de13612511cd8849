package dev.flover.embedded.broker;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.SharedServer;
import kafka.server.StandardFaultHandlerFactory;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.MetadataImage;
import org.apache.kafka.image.loader.LoaderManifest;
import org.apache.kafka.image.publisher.MetadataPublisher;
import org.apache.kafka.metadata.BrokerRegistration;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.ServerSocketFactory;
import org.slf4j.LoggerFactory;

/// A controller and a broker in one process. They are started like Kafka's own server, with one additional wait:
///
/// ```
///   controller ─► killed predecessor is fenced: no partition has a leader ─► broker ─► it leads all, at once
/// ```
///
/// Without the wait, the new broker would take over the leadership of its predecessor and resume the open transactions.
/// When the predecessor is fenced a moment later, Kafka 4.3 treats partitions without a leader as deleted and never
/// ends those transactions, so that their readers wait for ever.
final class SingleNode {
    private final SharedServer shared;
    private final ControllerServer controller;
    private final BrokerServer broker;

    SingleNode(KafkaConfig config) {
        var name = "node " + config.nodeId();
        var folders = KafkaRaftServer.initializeLogDirs(config, LoggerFactory.getLogger(SingleNode.class), name);
        shared = new SharedServer(config, folders._1(), Time.SYSTEM, new Metrics(),
                CompletableFuture.completedFuture(QuorumConfig.parseVoterConnections(config.quorumConfig().voters())),
                QuorumConfig.parseBootstrapServers(config.quorumConfig().bootstrapServers()),
                new StandardFaultHandlerFactory(), ServerSocketFactory.INSTANCE);
        controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), folders._2());
        broker = new BrokerServer(shared);
    }

    /// Starts both, and returns when clients can connect.
    void start() {
        controller.startup();
        awaitEndOfPredecessor();
        broker.startup();
    }

    private void awaitEndOfPredecessor() {
        var watch = new FencedBrokers();
        shared.loader().installPublishers(List.of(watch));
        watch.allFenced.join();
        shared.loader().removeAndClosePublisher(watch).join();
    }

    /// Stops both, and returns when they have stopped. Idempotent.
    void shutdown() {
        broker.shutdown();
        controller.shutdown();
    }

    void awaitShutdown() {
        broker.awaitShutdown();
        controller.awaitShutdown();
    }

    /// Completes when no registered broker is considered alive, which means that the predecessor is fenced.
    private static final class FencedBrokers implements MetadataPublisher {
        private final CompletableFuture<Void> allFenced = new CompletableFuture<>();

        @Override
        public String name() {
            return "fenced-brokers";
        }

        @Override
        public void onMetadataUpdate(MetadataDelta delta, MetadataImage image, LoaderManifest manifest) {
            if (image.cluster().brokers().values().stream().allMatch(BrokerRegistration::fenced)) {
                allFenced.complete(null);
            }
        }

        @Override
        public void close() {}
    }
}
