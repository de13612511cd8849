package dev.flover.app.batch.jobs;

import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.Job;
import dev.flover.http.jobs.JobCounts;
import dev.flover.http.jobs.JobState;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import dev.flover.schemas.GenerationResult;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// A job that is being fed.
final class OpenJob {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Job job;
    private final byte[] keysBegin;
    private final AnswerLines form;
    /// The lines under way, with the sizes of their records; 0 for those that another feeder sent.
    private final TreeMap<Long, Integer> open = new TreeMap<>();
    private final Queue<ConsumerRecord<byte[], byte[]>> read = new ArrayDeque<>();
    private long readTo;
    private long lastRead;
    private long next;
    private long lastSent;
    private long openBytes;
    private JobCounts counts;
    private JobState.Phase phase = JobState.Phase.RUNNING;
    private String message = "";
    /// The phase that follows when no line is under way any more; null while the job goes on.
    private JobState.@Nullable Phase ending;
    private boolean changed;

    OpenJob(JobsView.Known known) {
        job = known.job();
        keysBegin = (job.id() + "-").getBytes(StandardCharsets.UTF_8);
        form = new AnswerLines(job.id(), job::model);
        var state = known.state();
        state.open().forEach(line -> open.put(line, 0));
        next = state.next();
        readTo = next;
        lastSent = state.lastSent();
        lastRead = lastSent;
        counts = state.counts();
    }

    /// Takes the next records to send.
    ///
    /// @param consumer reads the lines topic
    /// @param count    the most lines
    /// @param bytes    lines are taken while their records are smaller than this together
    List<ConsumerRecord<byte[], byte[]>> take(
            Consumer<byte[], byte[]> consumer, TopicPartition lines, int count, long bytes) {
        if (read.isEmpty() && readTo < job.span().requestsEnd()) {
            fetch(consumer, lines);
        }
        var taken = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        long size = 0;
        while (!read.isEmpty() && taken.size() < count && size < bytes) {
            var record = read.remove();
            int recordBytes = record.key().length + record.value().length;
            size += recordBytes;
            taken.add(record);
            lastSent = lineOf(record);
            open.put(lastSent, recordBytes);
            openBytes += recordBytes;
            next = record.offset() + 1;
            changed = true;
        }
        if (read.isEmpty() && readTo >= job.span().requestsEnd() && next < job.span().requestsEnd()) {
            next = job.span().requestsEnd();
            changed = true;
        }
        return taken;
    }

    private void fetch(Consumer<byte[], byte[]> consumer, TopicPartition lines) {
        if (Objects.requireNonNull(consumer.beginningOffsets(List.of(lines)).get(lines)) > readTo) {
            end(JobState.Phase.FAILED, "some of its lines were deleted from the lines topic, by its retention, before "
                    + "they were sent; submit the file again under another --tenant or with other contents");
            return;
        }
        consumer.seek(lines, readTo);
        for (var record : consumer.poll(POLL)) {
            if (record.offset() < job.span().requestsEnd() && record.value() != null
                    && JobsClient.startsWith(record.key(), keysBegin) && lineOf(record) > lastRead) {
                lastRead = lineOf(record);
                read.add(record);
            }
        }
        readTo = consumer.position(lines);
    }

    private long lineOf(ConsumerRecord<byte[], byte[]> record) {
        return lineOf(new String(record.key(), StandardCharsets.UTF_8));
    }

    private static long lineOf(String id) {
        try {
            return Long.parseLong(id.substring(id.lastIndexOf('-') + 1));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /// Takes the result of a line. The result of a line that is not under way is passed over: it was counted before.
    void take(GenerationResult result, int partition, long offset) {
        Integer size = open.remove(lineOf(result.getRequestId()));
        if (size == null) {
            return;
        }
        openBytes -= size;
        changed = true;
        counts = counts.plus(form.outcome(result, partition, offset));
    }

    /// Ends the job: no further lines are sent.
    ///
    /// @return whether the lines under way have to be cancelled now
    boolean end(JobState.Phase as, String reason) {
        if (ending != null) {
            return false;
        }
        ending = as;
        message = reason;
        changed = true;
        return true;
    }

    /// Moves the job to its final phase if nothing of it is under way or left.
    void settle() {
        if (open.isEmpty() && ending != null) {
            phase = ending;
            changed = true;
        } else if (open.isEmpty() && next >= job.span().requestsEnd()) {
            phase = JobState.Phase.DONE;
            changed = true;
        }
    }

    boolean hasLines() {
        return ending == null && next < job.span().requestsEnd();
    }

    /// Returns the state, and marks it as written.
    JobState written(Map<Integer, Long> results) {
        changed = false;
        return new JobState(phase, message, next, results, List.copyOf(open.keySet()), lastSent, counts);
    }

    boolean isChanged() {
        return changed;
    }

    boolean isOver() {
        return phase != JobState.Phase.RUNNING;
    }

    List<String> openIds() {
        return open.keySet().stream().map(line -> job.id() + "-" + line).toList();
    }

    int live() {
        return open.size();
    }

    long liveBytes() {
        return openBytes;
    }

    Job job() {
        return job;
    }
}
