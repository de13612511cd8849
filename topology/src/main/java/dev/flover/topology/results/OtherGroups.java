package dev.flover.topology.results;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.parking.WaitingRecords;
import dev.flover.topology.position.Changelog;
import dev.flover.topology.state.StoreNames;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.utils.Bytes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The requests that other groups have still to answer, at one moment. They are read from these groups' changelogs and
/// offsets, so that it does not matter whether the groups run. Each group is looked up once. May wait; throws
/// [KafkaException] where no broker answers.
///
/// ```
///   requests-0   | r r r r r r | u u u |              r read by the group, u not read yet
///                                      ^ up to here requests are the group's own
///   owed: every u, and those r that lie in the changelogs of stored requests and of parked records
/// ```
final class OtherGroups {
    private static final Logger LOG = LoggerFactory.getLogger(OtherGroups.class);

    private final PipelineConfig config;
    private final Map<String, Owing> known = new HashMap<>();

    /// The requests that one group has still to answer.
    ///
    /// @param read  the offset up to which the group has read each partition of the requests topic
    /// @param begun ids of requests that the group has read and not ended
    private record Owing(Map<TopicPartition, Long> read, Set<Bytes> begun) {
        static final Owing NOTHING = new Owing(Map.of(), Set.of());
    }

    OtherGroups(PipelineConfig config) {
        this.config = config;
    }

    /// Whether one of the groups has still to answer a request.
    ///
    /// @param partition the request's partition
    /// @param groups    each group with the offset of the partition up to which requests are its own
    boolean owe(Bytes id, int partition, Map<String, Long> groups) {
        for (var group : groups.entrySet()) {
            var owing = known.computeIfAbsent(group.getKey(), this::ask);
            var requests = new TopicPartition(config.topics().requests(), partition);
            boolean unread = owing != Owing.NOTHING && owing.read().getOrDefault(requests, 0L) < group.getValue();
            if (unread || owing.begun().contains(id)) {
                return true;
            }
        }
        return false;
    }

    private Owing ask(String group) {
        try {
            var read = read(group);
            var begun = new HashSet<Bytes>();
            Changelog.read(config.kafka(), group + "-" + StoreNames.REQUESTS + "-changelog", record -> {
                var id = Bytes.wrap(record.key());
                if (record.value() == null) {
                    begun.remove(id);
                } else {
                    begun.add(id);
                }
            });
            WaitingRecords.of(config.kafka(), group)
                    .forEach(record -> begun.add(Bytes.wrap(record.id().getBytes(StandardCharsets.UTF_8))));
            return new Owing(read, begun);
        } catch (UnknownTopicOrPartitionException e) {
            return new Owing(Map.of(), Set.of());       // the group has never run
        } catch (AuthorizationException e) {
            LOG.warn("the unanswered requests of the group '{}' cannot be read: {}; if such a request is sent again, "
                    + "it is also computed here, and marked as a repeat. docs/operate/security.md lists the "
                    + "permissions that a pipeline needs", group, e.getMessage());
            return Owing.NOTHING;
        }
    }

    private Map<TopicPartition, Long> read(String group) {
        try (var admin = Admin.create(config.admin())) {
            var read = new HashMap<TopicPartition, Long>();
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((partition, offset) -> {
                if (offset != null) {
                    read.put(partition, offset.offset());
                }
            });
            return read;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking for the offsets of the group " + group, e);
        }
    }
}
