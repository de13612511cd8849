package dev.flover.app.batch.jobs;

import dev.flover.app.options.CommandException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;

/// The topics of jobs, each with one partition. Their names follow from that of the requests topic.
///
/// @param jobs  definitions, orders and states of jobs; compacted
/// @param lines the requests of all jobs
public record JobTopics(String jobs, String lines) {
    public static JobTopics of(String requestsTopic) {
        return new JobTopics(requestsTopic + "-jobs", requestsTopic + "-lines");
    }

    /// Returns the consumer group whose one active member feeds the pipelines of a requests topic.
    static String group(String requestsTopic) {
        return requestsTopic + "-feeder";
    }

    /// Creates the topics that are missing.
    ///
    /// @param maxRecordBytes the largest record of the lines topic
    /// @param retentionMs    for how long the lines topic keeps its records, ms
    public void create(Map<String, String> client, int maxRecordBytes, long retentionMs) {
        var properties = new HashMap<String, Object>(client);
        properties.putIfAbsent("default.api.timeout.ms", "15000");
        properties.putIfAbsent("request.timeout.ms", "5000");
        // Small segments are compacted soon, so that reading all jobs stays quick: a state is some kilobytes.
        var kept = Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT,
                TopicConfig.SEGMENT_BYTES_CONFIG, "16777216", TopicConfig.SEGMENT_MS_CONFIG, "600000",
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0.1");
        var deleted = Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                TopicConfig.RETENTION_MS_CONFIG, Long.toString(retentionMs),
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxRecordBytes));
        try (var admin = Admin.create(properties)) {
            var results = admin.createTopics(List.of(
                    new NewTopic(jobs, Optional.of(1), Optional.<Short>empty()).configs(kept),
                    new NewTopic(lines, Optional.of(1), Optional.<Short>empty()).configs(deleted))).values();
            for (var result : results.values()) {
                try {
                    result.get();
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof TopicExistsException)) {
                        throw refused(e);
                    }
                }
            }
        } catch (KafkaException e) {
            throw refused(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted while the topics were created", e);
        }
    }

    private CommandException refused(Exception e) {
        return new CommandException("the topics " + jobs + " and " + lines + " could not be created: "
                + CommandException.reason(e) + "; have them created with one partition each, the first one compacted",
                e);
    }
}
