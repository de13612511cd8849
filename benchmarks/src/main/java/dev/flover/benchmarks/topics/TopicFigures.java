package dev.flover.benchmarks.topics;

import dev.flover.app.options.CommandException;
import dev.flover.topology.config.PipelineConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/// Asks the broker for figures of a pipeline's topics. Thread-safe.
final class TopicFigures implements AutoCloseable {
    private final Admin admin;
    private final PipelineConfig config;
    private final int partitions;

    TopicFigures(PipelineConfig config, int partitions) {
        this.config = config;
        this.partitions = partitions;
        admin = Admin.create(new HashMap<>(config.kafka()));
    }

    /// Returns the lag: requests that are written and not committed as read.
    long lag() {
        var read = get(admin.listConsumerGroupOffsets(config.applicationId()).partitionsToOffsetAndMetadata());
        long lag = 0;
        for (var end : requestEnds().entrySet()) {
            var offset = read.get(end.getKey());
            lag += end.getValue() - (offset == null ? 0 : offset.offset());
        }
        return lag;
    }

    /// Returns the bytes of the changelog topics' segments on all brokers.
    long changelogBytes() {
        var brokers = get(admin.describeCluster().nodes()).stream().map(node -> node.id()).toList();
        return get(admin.describeLogDirs(brokers).allDescriptions()).values().stream()
                .flatMap(folders -> folders.values().stream())
                .flatMap(folder -> folder.replicaInfos().entrySet().stream())
                .filter(replica -> replica.getKey().topic().startsWith(config.applicationId() + "-")
                        && replica.getKey().topic().endsWith("-changelog"))
                .mapToLong(replica -> replica.getValue().size())
                .sum();
    }

    private Map<TopicPartition, Long> requestEnds() {
        var latest = IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(config.topics().requests(), partition))
                .collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
        return get(admin.listOffsets(latest).all()).entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, end -> end.getValue().offset()));
    }

    private static <T> T get(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new CommandException("the broker did not answer: " + CommandException.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted while the broker was asked", e);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
