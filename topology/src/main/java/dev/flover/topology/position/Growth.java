package dev.flover.topology.position;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives topics as many partitions as the requests topic has.
public final class Growth {
    private static final Logger LOG = LoggerFactory.getLogger(Growth.class);

    private final Admin admin;
    private final String requests;

    /// @param requests name of the requests topic
    public Growth(Admin admin, String requests) {
        this.admin = admin;
        this.requests = requests;
    }

    /// Adds the missing partitions.
    ///
    /// @param sizes      the present partition count of each topic
    /// @param partitions the partition count of the requests topic
    /// @throws KafkaException if a topic has more partitions than the requests topic, or none may be added; the message
    ///     has the commands for an operator
    public void grow(Map<String, Integer> sizes, int partitions) {
        var smaller = new TreeMap<String, NewPartitions>();
        sizes.forEach((topic, size) -> {
            if (size > partitions) {
                throw new KafkaException("the topic " + topic + " has " + size + " partitions and " + requests + " has "
                        + partitions + "; give it as many: " + command(requests, size));
            }
            if (size < partitions) {
                smaller.put(topic, NewPartitions.increaseTo(partitions));
            }
        });
        if (smaller.isEmpty()) {
            return;
        }
        var failed = new HashMap<String, String>();
        admin.createPartitions(smaller).values().forEach((topic, done) -> {
            try {
                done.get();
                LOG.info("the topic {} has {} partitions now, as {} has", topic, partitions, requests);
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof InvalidPartitionsException)) {        // another process has added them
                    failed.put(topic, e.getMessage());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new KafkaException("interrupted while partitions were added", e);
            }
        });
        if (!failed.isEmpty()) {
            var commands = new StringBuilder();
            failed.keySet().stream().sorted().forEach(topic -> commands.append("; ")
                    .append(command(topic, partitions)));
            throw new KafkaException(requests + " has " + partitions + " partitions, and these topics could not be "
                    + "given as many: " + failed + commands);
        }
    }

    private static String command(String topic, int partitions) {
        return "kafka-topics.sh --bootstrap-server ... --alter --topic " + topic + " --partitions " + partitions;
    }
}
