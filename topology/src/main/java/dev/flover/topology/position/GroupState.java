package dev.flover.topology.position;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

/// The changelogs of a group as the cluster has them, before Kafka Streams creates missing ones.
public final class GroupState {
    private final Admin admin;
    private final Map<String, String> kafka;
    private final String group;
    private final List<String> changelogs;
    private final PositionEntries positions;
    private final String ofPositions;

    /// @param kafka     client properties
    /// @param stores    all stores of the group
    /// @param positions the store in which positions are kept
    /// @param key       under which
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

    /// Changelogs that do not exist.
    public List<String> missing() {
        var described = admin.describeTopics(changelogs).topicNameValues();
        var missing = new ArrayList<String>();
        for (String changelog : changelogs) {
            try {
                await(described.get(changelog));
            } catch (UnknownTopicOrPartitionException e) {
                missing.add(changelog);
            }
        }
        return missing;
    }

    /// Partitions that all of those changelogs have that exist; empty where none does.
    public OptionalInt partitions() {
        return sizes().values().stream().mapToInt(size -> size).min();
    }

    private Map<String, Integer> sizes() {
        var described = admin.describeTopics(changelogs).topicNameValues();
        var sizes = new HashMap<String, Integer>();
        for (String changelog : changelogs) {
            try {
                sizes.put(changelog, await(described.get(changelog)).partitions().size());
            } catch (UnknownTopicOrPartitionException e) {
                continue;       // Kafka Streams makes it, with as many as there should be
            }
        }
        return sizes;
    }

    /// Gives the changelogs as many partitions as the requests have.
    ///
    /// @throws KafkaException with the commands, where that is not allowed
    public void grow(String requests, int partitions) {
        new Growth(admin, requests).grow(sizes(), partitions);
    }

    /// Whether none of them exists: the group has never run, or all was deleted.
    public boolean isAbsent() {
        return missing().size() == changelogs.size();
    }

    /// The positions of those partitions that have one.
    public Map<Integer, Position> positions() {
        return missing().contains(ofPositions) ? Map.of() : positions.read();
    }

    /// Replaces all positions. The group must not run.
    ///
    /// @param next by partition
    public void setPositions(String topicId, List<Long> next) {
        createChangelog(next.size());
        var all = new HashMap<Integer, Position>();
        for (int partition = 0; partition < next.size(); partition++) {
            all.put(partition, new Position(topicId, next.get(partition)));
        }
        positions.write(all);
    }

    /// As Kafka Streams would.
    private void createChangelog(int partitions) {
        var replication = Optional.ofNullable(kafka.get("replication.factor")).map(Short::valueOf)
                .filter(factor -> factor > 0);
        var topic = new NewTopic(ofPositions, Optional.of(partitions), replication)
                .configs(Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT));
        try {
            await(admin.createTopics(List.of(topic)).all());
        } catch (TopicExistsException e) {
            return;     // it is only others that were lost
        }
    }

    /// Processes of the group that run now.
    public int members() {
        try {
            return await(admin.describeConsumerGroups(List.of(group)).describedGroups().get(group)).members().size();
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
            throw new KafkaException("interrupted while asking the broker about the group's state", e);
        }
    }
}
