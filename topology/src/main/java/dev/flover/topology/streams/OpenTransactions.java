package dev.flover.topology.streams;

import dev.flover.topology.state.StoreNames;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeProducersResult.PartitionProducerState;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Searches for a hanging transaction in the application's changelogs. A task that restores its state waits until such
/// a transaction is ended, which never happens if the cluster has lost its producer.
///
/// ```
///   changelog  | c c c | o o | c c c     c committed, o open
///                      ^ readers of committed records get no further
/// ```
public final class OpenTransactions {
    private final Admin admin;
    private final String applicationId;

    public OpenTransactions(Admin admin, String applicationId) {
        this.admin = admin;
        this.applicationId = applicationId;
    }

    /// A sentence for the operator about the oldest open transaction in the application's changelogs, with the command
    /// that ends it; empty where there is none.
    ///
    /// @param age only transactions count in which nothing was written for this long; longer than any transaction may
    ///            last
    /// @throws KafkaException if the cluster cannot be asked now
    public Optional<String> sentence(Duration age) {
        try {
            var partitions = partitions();
            if (partitions.isEmpty()) {
                return Optional.empty();
            }
            var states = admin.describeProducers(partitions).all().get();
            return sentence(states, System.currentTimeMillis() - age.toMillis());
        } catch (ExecutionException e) {
            throw new KafkaException(e.getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /// The names of this application's changelogs. A prefix would not do, because another application's id may begin
    /// with this one's.
    static Set<String> changelogs(String applicationId) {
        return StoreNames.ALL.stream().map(store -> applicationId + "-" + store + "-changelog")
                .collect(Collectors.toSet());
    }

    private List<TopicPartition> partitions() throws ExecutionException, InterruptedException {
        var existing = new HashSet<>(admin.listTopics().names().get());
        existing.retainAll(changelogs(applicationId));
        var partitions = new ArrayList<TopicPartition>();
        for (TopicDescription topic : admin.describeTopics(existing).allTopicNames().get().values()) {
            topic.partitions().forEach(each -> partitions.add(new TopicPartition(topic.name(), each.partition())));
        }
        return partitions;
    }

    private static Optional<String> sentence(Map<TopicPartition, PartitionProducerState> states, long before) {
        ProducerState oldest = null;
        TopicPartition where = null;
        for (var entry : states.entrySet()) {
            Collection<ProducerState> producers = entry.getValue().activeProducers();
            for (var producer : producers) {
                if (producer.currentTransactionStartOffset().isPresent() && producer.lastTimestamp() < before
                        && (oldest == null || producer.lastTimestamp() < oldest.lastTimestamp())) {
                    oldest = producer;
                    where = entry.getKey();
                }
            }
        }
        return oldest == null || where == null ? Optional.empty() : Optional.of(sentence(where, oldest));
    }

    private static String sentence(TopicPartition where, ProducerState producer) {
        long start = producer.currentTransactionStartOffset().getAsLong();
        return "the state cannot be restored: " + where + " has a transaction open since "
                + Instant.ofEpochMilli(producer.lastTimestamp()) + ", of producer " + producer.producerId()
                + "; if the cluster has lost it, end it with: kafka-transactions.sh --bootstrap-server ... abort "
                + "--topic " + where.topic() + " --partition " + where.partition() + " --start-offset " + start;
    }
}
