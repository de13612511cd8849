package dev.flover.http.jobs;

import dev.flover.http.topics.TopicAccess;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.lines.BatchError;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.lines.BatchLines;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/// Writes the lines of a job to the lines topic: first the requests, then the errors of the lines that are none.
///
/// Nothing of this counts until the job's definition is written. So it can be done again after a failure.
public final class JobLines {
    private static final int MOST_KEPT_ERRORS = 20;

    private final JobsClient client;
    private final Rules rules;
    private final Function<GenerationRequest, byte[]> values;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final Set<Long> tooLarge = ConcurrentHashMap.newKeySet();
    private final List<String> errors = new ArrayList<>();
    private long good;
    private long wrong;
    private long wrongBytes;

    /// A file of lines, which is read twice.
    public interface Source {
        BatchLines open() throws IOException;
    }

    /// Decides how the lines that can be read are handled.
    public interface Rules {
        /// Returns the reason why a line is not answered; null if it is.
        @Nullable Fault fault(BatchLine.Good line);

        /// Returns the request that is sent for a line.
        GenerationRequest request(BatchLine.Good line);
    }

    /// Why a line is not answered.
    public record Fault(String code, String message, @Nullable String param) {}

    /// @param values makes the value of a request's record
    /// @throws JobsException if the value of a request cannot be made
    public JobLines(JobsClient client, Rules rules, Function<GenerationRequest, byte[]> values) {
        this.client = client;
        this.rules = rules;
        this.values = values;
    }

    /// Writes the lines of a job.
    ///
    /// @return where they are; the job's definition contains it
    /// @throws IOException   if the source cannot be read
    /// @throws JobsException if the lines cannot be written
    public JobSpan write(String job, Source source, TopicAccess access) throws IOException {
        try (var results = new ResultsReader(access, job + "-")) {
            long from = client.endOfLines();
            var resultsFrom = results.ends();
            each(source, this::sendRequest);
            settle();
            long requestsEnd = client.endOfLines();
            each(source, line -> sendWrong(job, line));
            settle();
            return new JobSpan(good, wrong, wrongBytes, from, requestsEnd, client.endOfLines(), resultsFrom);
        }
    }

    /// Returns the first errors of wrong lines.
    public List<String> errors() {
        return List.copyOf(errors);
    }

    private void each(Source source, Consumer<BatchLine> action) throws IOException {
        try (var lines = source.open()) {
            for (var line = lines.next(); line != null; line = lines.next()) {
                action.accept(line);
                throwIfFailed();
            }
        }
    }

    private void sendRequest(BatchLine line) {
        if (line instanceof BatchLine.Good request && fault(request) == null) {
            good++;
            byte[] value;
            try {
                value = values.apply(rules.request(request));
            } catch (KafkaException e) {
                throw notWritten(e);
            }
            client.sendLine(request.request().getId(), value, reason -> {
                if (reason instanceof RecordTooLargeException) {
                    tooLarge.add(line.number());
                } else {
                    failure.set(reason);
                }
            });
        }
    }

    private @Nullable Fault fault(BatchLine.Good line) {
        String unsupported = AnswerLines.unsupported(line.request());
        return unsupported != null ? new Fault("unsupported", unsupported, null) : rules.fault(line);
    }

    private void sendWrong(String job, BatchLine line) {
        String id = BatchLines.idOf(job, line.number());
        var error = switch (line) {
            case BatchLine.Bad bad -> new BatchError(id, bad.number(), bad.customId(), bad.code(), bad.message());
            case BatchLine.Good given when fault(given) instanceof Fault fault -> error(id, given, fault);
            case BatchLine.Good given when tooLarge.contains(given.number()) -> error(id, given, new Fault(
                    "line_too_long", "the request is larger than a record may be; shorten it, or raise the limits of "
                            + "cluster and client", null));
            case BatchLine.Good given -> null;
        };
        if (error != null) {
            wrong++;
            good -= tooLarge.contains(line.number()) ? 1 : 0;
            byte[] bytes = Outcome.of(error).bytes();
            wrongBytes += bytes.length + 1;
            if (errors.size() < MOST_KEPT_ERRORS) {
                errors.add(error.json().toString());
            }
            client.sendLine(id, bytes, failure::set);
        }
    }

    private static BatchError error(String id, BatchLine.Good line, Fault fault) {
        return new BatchError(id, line.number(), line.customId(), fault.code(), fault.message(), fault.param());
    }

    private void settle() {
        client.flush();
        throwIfFailed();
    }

    private void throwIfFailed() {
        var reason = failure.get();
        if (reason != null) {
            throw notWritten(reason);
        }
    }

    private static JobsException notWritten(Exception reason) {
        return new JobsException("the lines cannot be written (nothing of the job is answered until all of them have "
                + "been written by another try)", reason);
    }
}
