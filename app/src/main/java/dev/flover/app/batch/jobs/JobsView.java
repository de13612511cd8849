package dev.flover.app.batch.jobs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All jobs, as the records of the jobs topic describe them.
///
/// A job has up to three keys, so that its submitter, users and the feeder do not overwrite each other's records: its
/// id for the definition, and the id with `/order` and `/state`. The values are JSON.
public final class JobsView {
    private static final Logger LOG = LoggerFactory.getLogger(JobsView.class);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String ORDER = "/order";
    private static final String STATE = "/state";

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private static final class Entry {
        private Job job;
        private JobOrder order = JobOrder.RUN;
        private JobState state;
    }

    /// A job with the last order and state.
    public record Known(Job job, JobOrder order, JobState state) {
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

    static String keyOfOrder(String job) {
        return job + ORDER;
    }

    static String keyOfState(String job) {
        return job + STATE;
    }

    static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JacksonException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }

    /// Takes in a record of the jobs topic. A record that cannot be read is left out, and logged.
    public void apply(byte[] key, byte[] value) {
        if (key == null || value == null) {
            return;
        }
        String name = new String(key, StandardCharsets.UTF_8);
        String id = name.replaceFirst("/(order|state)$", "");
        try {
            var entry = entries.computeIfAbsent(id, none -> new Entry());
            if (name.endsWith(ORDER)) {
                entry.order = MAPPER.readValue(value, JobOrder.class);
            } else if (name.endsWith(STATE)) {
                entry.state = MAPPER.readValue(value, JobState.class);
            } else {
                entry.job = MAPPER.readValue(value, Job.class);
            }
        } catch (IOException e) {
            LOG.warn("a record of the jobs topic with the key {} is left out, because it cannot be read: {}", name,
                    e.getMessage());
        }
    }

    /// Returns a job; null if there is none of that id.
    public Known find(String id) {
        var entry = entries.get(id);
        return entry == null || entry.job == null ? null : new Known(entry.job, entry.order,
                entry.state == null ? JobState.of(entry.job) : entry.state);
    }

    /// Returns all jobs, the one first whose first record is oldest.
    public Collection<Known> all() {
        return entries.keySet().stream().map(this::find).filter(known -> known != null).toList();
    }
}
