package dev.flover.http.jobs;

import java.time.Duration;
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
/// @param jobs  definitions, orders and states of jobs, and descriptions of uploaded files; compacted
/// @param lines the requests of all jobs
/// @param files the chunks of uploaded files; compacted, so that the chunks of a deleted file are removed
public record JobTopics(String jobs, String lines, String files) {
    /// For how long the lines topic keeps the lines of jobs.
    public static final Duration LINES_ARE_KEPT = Duration.ofDays(7);
    /// The longest time for which an uploaded file can be kept.
    public static final Duration MOST_FILE_AGE = Duration.ofDays(30);

    private static final Duration SLACK = Duration.ofDays(1);

    public static JobTopics of(String requestsTopic) {
        return new JobTopics(requestsTopic + "-jobs", requestsTopic + "-lines", requestsTopic + "-files");
    }

    /// Returns the consumer group whose one active member feeds the pipelines of a requests topic.
    public static String group(String requestsTopic) {
        return requestsTopic + "-feeder";
    }

    /// Creates the topics that are missing.
    ///
    /// @param client         properties of an admin client
    /// @param maxRecordBytes the largest record of the lines topic
    public void create(Map<String, ?> client, int maxRecordBytes) {
        var properties = new HashMap<String, Object>(client);
        properties.putIfAbsent("default.api.timeout.ms", "15000");
        properties.putIfAbsent("request.timeout.ms", "5000");
        // Small segments are compacted soon, so that reading all jobs stays quick: a state is some kilobytes.
        var kept = Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT,
                TopicConfig.SEGMENT_BYTES_CONFIG, "16777216", TopicConfig.SEGMENT_MS_CONFIG, "600000",
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0.1");
        var deleted = Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                TopicConfig.RETENTION_MS_CONFIG, Long.toString(LINES_ARE_KEPT.toMillis()),
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxRecordBytes));
        var both = Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "compact,delete",
                TopicConfig.RETENTION_MS_CONFIG, Long.toString(MOST_FILE_AGE.plus(SLACK).toMillis()),
                TopicConfig.SEGMENT_BYTES_CONFIG, "67108864", TopicConfig.SEGMENT_MS_CONFIG, "3600000",
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0.1");
        try (var admin = Admin.create(properties)) {
            var results = admin.createTopics(List.of(topic(jobs, kept), topic(lines, deleted), topic(files, both)))
                    .values();
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
            throw new JobsException("interrupted while the topics were created", e);
        }
    }

    private static NewTopic topic(String name, Map<String, String> config) {
        return new NewTopic(name, Optional.of(1), Optional.<Short>empty()).configs(config);
    }

    private JobsException refused(Exception e) {
        return new JobsException("the topics " + jobs + ", " + lines + " and " + files + " could not be created (have "
                + "them created with one partition each, the first and the last one compacted)", e);
    }
}
