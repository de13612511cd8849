package dev.flover.http.jobs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All jobs and files, as the records of the jobs topic describe them.
///
/// A job has up to three keys, so that its submitter, users and the feeder do not overwrite each other's records: its
/// id for the definition, and the id with `/order` and `/state`. A file has its id as the key. The values are JSON;
/// without a value, the record removes what its key names.
public final class JobsView {
    private static final Logger LOG = LoggerFactory.getLogger(JobsView.class);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String ORDER = "/order";
    private static final String STATE = "/state";
    private static final String FILE = "file-";

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, StoredFile> files = new LinkedHashMap<>();

    private static final class Entry {
        private @Nullable Job job;
        private JobOrder order = JobOrder.RUN;
        private long orderedMs;
        private @Nullable JobState state;
        private long stateMs;

        private boolean isEmpty() {
            return job == null && state == null && order == JobOrder.RUN;
        }
    }

    /// A job with the last order and state.
    ///
    /// @param orderedMs time of the last order, ms since 1970; 0 if there was none
    /// @param stateMs   time of the last state, ms since 1970; 0 if there is none
    public record Known(Job job, JobOrder order, long orderedMs, JobState state, long stateMs) {
        /// Returns a word for the state of the job.
        public String word() {
            return state.isFinal() ? state.phase().name().toLowerCase(Locale.ROOT)
                    : switch (order) {
                        case RUN -> "running";
                        case PAUSE -> "paused";
                        case CANCEL -> "cancelling";
                    };
        }
    }

    public static String keyOfOrder(String job) {
        return job + ORDER;
    }

    public static String keyOfState(String job) {
        return job + STATE;
    }

    /// Returns the value of a record of the jobs topic.
    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JacksonException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }

    /// Takes in a record of the jobs topic. A record that cannot be read is left out, and logged.
    public void apply(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            return;
        }
        String name = new String(record.key(), StandardCharsets.UTF_8);
        try {
            if (name.startsWith(FILE)) {
                applyFile(name, record.value());
            } else {
                applyJob(name, record);
            }
        } catch (IOException e) {
            LOG.warn("a record of the jobs topic with the key {} is left out, because it cannot be read: {}", name,
                    e.getMessage());
        }
    }

    private void applyFile(String id, byte @Nullable [] value) throws IOException {
        if (value == null) {
            files.remove(id);
        } else {
            files.put(id, MAPPER.readValue(value, StoredFile.class));
        }
    }

    private void applyJob(String name, ConsumerRecord<byte[], byte[]> record) throws IOException {
        String id = name.replaceFirst("/(order|state)$", "");
        byte[] value = record.value();
        var entry = entries.computeIfAbsent(id, none -> new Entry());
        if (name.endsWith(ORDER)) {
            entry.order = value == null ? JobOrder.RUN : MAPPER.readValue(value, JobOrder.class);
            entry.orderedMs = value == null ? 0 : record.timestamp();
        } else if (name.endsWith(STATE)) {
            entry.state = value == null ? null : MAPPER.readValue(value, JobState.class);
            entry.stateMs = value == null ? 0 : record.timestamp();
        } else {
            entry.job = value == null ? null : MAPPER.readValue(value, Job.class);
        }
        if (entry.isEmpty()) {
            entries.remove(id);
        }
    }

    /// Returns a job; null if there is none of that id.
    public @Nullable Known find(String id) {
        var entry = entries.get(id);
        return entry == null || entry.job == null ? null : new Known(entry.job, entry.order, entry.orderedMs,
                entry.state == null ? JobState.of(entry.job) : entry.state, entry.stateMs);
    }

    /// Returns all jobs, the one first whose first record is oldest.
    public Collection<Known> all() {
        return entries.keySet().stream().map(this::find).filter(known -> known != null).toList();
    }

    /// Returns a file, or the record that hides a job's output; null if there is none of that id.
    public @Nullable StoredFile file(String id) {
        return files.get(id);
    }

    /// Returns all uploaded files, the oldest first.
    public List<StoredFile> files() {
        return files.values().stream().filter(file -> !file.isDeleted()).toList();
    }
}
