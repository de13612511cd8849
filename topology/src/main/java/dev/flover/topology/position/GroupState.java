package dev.flover.topology.position;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// A group's changelog topics as the cluster has them, looked at before Kafka Streams starts and creates the missing
/// ones.
public final class GroupState {
    private final Admin admin;
    private final Map<String, String> kafka;
    private final String group;
    private final List<String> changelogs;
    private final PositionEntries positions;
    private final String ofPositions;

    /// @param kafka     client properties
    /// @param stores    the names of all stores of the group
    /// @param positions the name of the store in which positions are kept
    /// @param key       the key of a partition's position in that store
    public GroupState(Admin admin, Map<String, String> kafka, String group, List<String> stores, String positions,
            byte[] key) {
        this.admin = admin;
        this.kafka = kafka;
        this.group = group;
        changelogs = stores.stream().map(this::changelog).toList();
        ofPositions = changelog(positions);
        this.positions = new PositionEntries(kafka, ofPositions, key);
    }

    private String changelog(String store) {
        return group + "-" + store + "-changelog";
    }

    public String group() {
        return group;
    }

    /// The changelogs that do not exist.
    public List<String> missing() {
        var described = admin.describeTopics(changelogs).topicNameValues();
        var missing = new ArrayList<String>();
        for (String changelog : changelogs) {
            try {
                await(Objects.requireNonNull(described.get(changelog)));
            } catch (UnknownTopicOrPartitionException e) {
                missing.add(changelog);
            }
        }
        return missing;
    }

    /// The smallest partition count of the group's existing changelogs; empty where none exists.
    public OptionalInt partitions() {
        return sizes().values().stream().mapToInt(size -> size).min();
    }

    private Map<String, Integer> sizes() {
        var described = admin.describeTopics(changelogs).topicNameValues();
        var sizes = new HashMap<String, Integer>();
        for (String changelog : changelogs) {
            try {
                sizes.put(changelog, await(Objects.requireNonNull(described.get(changelog))).partitions().size());
            } catch (UnknownTopicOrPartitionException e) {
                continue;       // Kafka Streams will create it with the right partition count
            }
        }
        return sizes;
    }

    /// Gives the changelogs as many partitions as the requests topic has.
    ///
    /// @throws KafkaException with the commands for an operator, where adding partitions is not allowed
    public void grow(String requests, int partitions) {
        new Growth(admin, requests).grow(sizes(), partitions);
    }

    /// Whether none of the changelogs exists: the group has never run, or all its topics were deleted.
    public boolean isAbsent() {
        return missing().size() == changelogs.size();
    }

    /// The stored read positions, by partition; a partition without one is left out.
    public Map<Integer, Position> positions() {
        return missing().contains(ofPositions) ? Map.of() : positions.read();
    }

    /// Replaces the stored read positions of all partitions. No process of the group may run.
    ///
    /// @param topicId id of the requests topic
    /// @param next    for each partition, by index, the offset of the first record to read
    public void setPositions(String topicId, List<Long> next) {
        createChangelog(next.size());
        var all = new HashMap<Integer, Position>();
        for (int partition = 0; partition < next.size(); partition++) {
            all.put(partition, new Position(topicId, next.get(partition)));
        }
        positions.write(all);
    }

    /// Creates the changelog of positions with the settings that Kafka Streams would use, unless it exists.
    private void createChangelog(int partitions) {
        var replication = Optional.ofNullable(kafka.get("replication.factor")).map(Short::valueOf)
                .filter(factor -> factor > 0);
        var topic = new NewTopic(ofPositions, Optional.of(partitions), replication)
                .configs(Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT));
        try {
            await(admin.createTopics(List.of(topic)).all());
        } catch (TopicExistsException e) {
            return;     // only other changelogs were lost
        }
    }

    /// The number of processes of the group that run now.
    public int members() {
        try {
            var described = admin.describeConsumerGroups(List.of(group)).describedGroups();
            return await(Objects.requireNonNull(described.get(group))).members().size();
        } catch (GroupIdNotFoundException e) {
            return 0;
        }
    }

    private static <T> T await(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking the broker for the group's state", e);
        }
    }
}
