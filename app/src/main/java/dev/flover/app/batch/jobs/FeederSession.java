package dev.flover.app.batch.jobs;

import dev.flover.http.jobs.JobOrder;
import dev.flover.http.jobs.JobState;
import dev.flover.http.jobs.JobTopics;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.jobs.ResultsReader;
import dev.flover.http.topics.TopicAccess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The membership of a process in the group of feeders. The member that is assigned the jobs topic is the active one;
/// it fences a former one by the transactional id, before it reads the states.
final class FeederSession implements AutoCloseable, ConsumerRebalanceListener {
    private static final Logger LOG = LoggerFactory.getLogger(FeederSession.class);
    private static final Duration ACTIVE_POLL = Duration.ofMillis(20);
    private static final Duration IDLE_POLL = Duration.ofMillis(500);
    private static final long WRITE_NANOS = Duration.ofMillis(200).toNanos();
    private static final int MOST_LIVE = 1024;
    private static final long MOST_LIVE_BYTES = 64 << 20;

    private final TopicAccess access;
    private final String requests;
    private final JobTopics topics;
    private final TopicPartition jobsTopic;
    private final TopicPartition linesTopic;
    private final LongSupplier wall;
    private final KafkaConsumer<byte[], byte[]> jobs;
    private final KafkaConsumer<byte[], byte[]> lines;
    /// Null while another member is active.
    private @Nullable KafkaProducer<byte[], byte[]> producer;
    /// Null until the active member has an open job.
    private @Nullable ResultsReader results;
    private JobsView view = new JobsView();
    private long loadedAt;
    private long writtenNanos = System.nanoTime();
    private final Map<String, OpenJob> open = new LinkedHashMap<>();
    /// The jobs that this session has ended. The view shows that once it has read their last states.
    private final Set<String> ended = new HashSet<>();

    /// @param wall the wall clock in ms
    FeederSession(TopicAccess access, LongSupplier wall) {
        this.access = access;
        this.wall = wall;
        requests = access.topics().requests();
        topics = JobTopics.of(requests);
        jobsTopic = new TopicPartition(topics.jobs(), 0);
        linesTopic = new TopicPartition(topics.lines(), 0);
        var member = access.consumer();
        member.put("group.id", JobTopics.group(requests));
        member.put("session.timeout.ms", 10_000);
        member.put("heartbeat.interval.ms", 3_000);
        jobs = new KafkaConsumer<>(member, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        lines = new KafkaConsumer<>(access.consumer(), new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        lines.assign(List.of(linesTopic));
        jobs.subscribe(List.of(topics.jobs()), this);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        if (!partitions.contains(jobsTopic)) {
            return;
        }
        var properties = new HashMap<String, Object>(Map.of("acks", "all", "linger.ms", 5));
        properties.putAll(access.producerProperties());
        properties.put("transactional.id", JobTopics.group(requests));
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        producer.initTransactions();
        view = new JobsView();
        loadedAt = Objects.requireNonNull(jobs.endOffsets(List.of(jobsTopic)).get(jobsTopic));
        jobs.seekToBeginning(List.of(jobsTopic));
        LOG.info("this process feeds the jobs of {}", topics.jobs());
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        if (partitions.contains(jobsTopic)) {
            deactivate();
        }
    }

    private void deactivate() {
        open.clear();
        ended.clear();
        if (producer != null) {
            producer.close(Duration.ZERO);
            producer = null;
        }
        if (results != null) {
            results.close();
            results = null;
        }
    }

    /// Reads new orders and results, and sends lines, if this member is the active one. Waits a little where there is
    /// nothing to do.
    ///
    /// @throws org.apache.kafka.common.KafkaException if the session cannot go on; it has to be closed
    void step() {
        for (var record : jobs.poll(open.isEmpty() ? IDLE_POLL : ACTIVE_POLL)) {
            view.apply(record);
        }
        var writer = producer;
        if (writer == null || jobs.position(jobsTopic) < loadedAt) {
            return;
        }
        open.keySet().removeIf(id -> view.find(id) == null);
        ended.removeIf(id -> !(view.find(id) instanceof JobsView.Known known) || known.state().isFinal());
        openNew();
        if (open.isEmpty()) {
            return;
        }
        var reader = Objects.requireNonNull(results, "a session with open jobs reads results");
        takeResults(reader);
        if (System.nanoTime() - writtenNanos < WRITE_NANOS) {
            return;
        }
        writtenNanos = System.nanoTime();
        var cancels = endedByOrder();
        var sent = next();
        open.values().forEach(OpenJob::settle);
        write(writer, sent, cancels, reader.positions());
        open.values().stream().filter(OpenJob::isOver).forEach(job -> ended.add(job.job().id()));
        open.values().removeIf(OpenJob::isOver);
    }

    private void takeResults(ResultsReader reader) {
        reader.poll(ACTIVE_POLL, (result, partition, offset) -> {
            String id = result.getRequestId();
            var job = open.get(id.substring(0, Math.max(0, id.lastIndexOf('-'))));
            if (job != null) {
                job.take(result, partition, offset);
            }
        });
    }

    /// Returns the state of an open job.
    private JobsView.Known known(String id) {
        return Objects.requireNonNull(view.find(id), id);
    }

    private void openNew() {
        boolean wasIdle = open.isEmpty();
        for (var known : view.all()) {
            if (!known.state().isFinal() && !open.containsKey(known.job().id()) && !ended.contains(known.job().id())) {
                open.put(known.job().id(), new OpenJob(known));
            }
        }
        if (wasIdle && !open.isEmpty()) {
            if (results == null) {
                results = new ResultsReader(access, "batch_");
            }
            var from = new HashMap<Integer, Long>();
            for (String id : open.keySet()) {
                known(id).state().results().forEach((partition, offset) ->
                        from.merge(partition, offset, Math::min));
            }
            results.seek(from);
        }
    }

    /// Ends the jobs that were cancelled, or whose deadline has passed.
    ///
    /// @return the ids of their requests under way
    private List<String> endedByOrder() {
        var ids = new ArrayList<String>();
        for (var job : open.values()) {
            var known = known(job.job().id());
            long deadline = job.job().deadlineMs();
            boolean ends = known.order() == JobOrder.CANCEL
                    ? job.end(JobState.Phase.CANCELLED, "cancelled by order")
                    : deadline > 0 && wall.getAsLong() >= deadline
                            && job.end(JobState.Phase.EXPIRED, "its deadline passed before all lines were answered");
            if (ends) {
                ids.addAll(job.openIds());
            }
        }
        return ids;
    }

    /// Takes the next lines, in equal parts from the jobs that have some.
    private List<ConsumerRecord<byte[], byte[]>> next() {
        var fed = open.values().stream().filter(OpenJob::hasLines)
                .filter(job -> known(job.job().id()).order() == JobOrder.RUN).toList();
        var sent = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        for (int i = 0; i < fed.size(); i++) {
            int room = MOST_LIVE - open.values().stream().mapToInt(OpenJob::live).sum();
            long bytes = MOST_LIVE_BYTES - open.values().stream().mapToLong(OpenJob::liveBytes).sum();
            if (room > 0 && bytes > 0) {
                int left = fed.size() - i;
                sent.addAll(fed.get(i).take(lines, linesTopic, Math.ceilDiv(room, left), Math.ceilDiv(bytes, left)));
            }
        }
        return sent;
    }

    /// Writes requests, cancels and the states that count them, in one transaction.
    ///
    /// @param positions the offsets behind the results that were read
    private void write(KafkaProducer<byte[], byte[]> writer, List<ConsumerRecord<byte[], byte[]>> sent,
            List<String> cancels, Map<Integer, Long> positions) {
        var changed = open.values().stream().filter(OpenJob::isChanged).toList();
        if (changed.isEmpty()) {
            return;
        }
        writer.beginTransaction();
        for (var line : sent) {
            writer.send(new ProducerRecord<>(requests, line.key(), line.value()));
        }
        if (!cancels.isEmpty()) {
            for (var partition : writer.partitionsFor(requests)) {
                for (String id : cancels) {
                    writer.send(new ProducerRecord<>(requests, partition.partition(),
                            id.getBytes(StandardCharsets.UTF_8), null));
                }
            }
        }
        for (var job : changed) {
            writer.send(new ProducerRecord<>(topics.jobs(), 0,
                    JobsView.keyOfState(job.job().id()).getBytes(StandardCharsets.UTF_8),
                    JobsView.bytes(job.written(positions))));
        }
        writer.commitTransaction();
    }

    @Override
    public void close() {
        deactivate();
        jobs.close();
        lines.close();
    }
}
