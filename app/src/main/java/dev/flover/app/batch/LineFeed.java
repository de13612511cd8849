package dev.flover.app.batch;

import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.batch.files.Outcomes;
import dev.flover.app.client.Refusal;
import dev.flover.app.client.Requests;
import dev.flover.app.options.CommandException;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.Outcome;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.lines.BatchError;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.lines.BatchLines;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/// Reads the lines of the input and sends their requests, with a bounded number and size of them under way.
///
/// A request that could not be written is sent again, because a request that arrives twice is answered once.
final class LineFeed implements Feed {
    private static final long MOST_BYTES_LIVE = 64 << 20;
    /// If the output has the order of the input, a slow line holds back the outcomes of later lines: of at most this
    /// multiple of the lines that may be under way.
    private static final int MOST_WAITING = 8;
    private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

    private final BatchInput input;
    private final BatchLines lines;
    private final Requests requests;
    private final Outcomes outcomes;
    private final AnswerLines.Defaults defaults;
    private final int mostLive;
    private final Consumer<String> say;
    private final Map<Long, Live> live = new HashMap<>();
    /// The requests to send again, and since when.
    private final Map<Long, Long> unsent = new LinkedHashMap<>();
    private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();
    private long liveBytes;
    private boolean exhausted;
    private boolean expired;
    private boolean failing;

    private record Live(GenerationRequest request, @Nullable String customId, int bytes) {}

    private record Failure(long line, Exception reason) {}

    /// @param mostLive the most requests under way
    /// @param say      gets a sentence when requests cannot be written
    LineFeed(BatchInput input, BatchLines lines, Requests requests, Outcomes outcomes, AnswerLines.Defaults defaults,
            int mostLive, Consumer<String> say) {
        this.input = input;
        this.lines = lines;
        this.requests = requests;
        this.outcomes = outcomes;
        this.defaults = defaults;
        this.mostLive = mostLive;
        this.say = say;
    }

    /// Sends requests while there is room for more, and handles those that could not be written.
    @Override
    public void feed() {
        takeFailures();
        sendAgain();
        while (!exhausted && unsent.isEmpty() && live.size() < mostLive && liveBytes < MOST_BYTES_LIVE
                && outcomes.waiting() < MOST_WAITING * mostLive) {
            BatchLine line = input.next(lines);
            if (line == null) {
                exhausted = true;
                return;
            }
            outcomes.read(line.number());
            if (!outcomes.isKnown(line.number())) {
                take(line);
            }
            takeFailures();
        }
    }

    private void take(BatchLine line) {
        switch (line) {
            case BatchLine.Bad bad -> fail(bad.number(), bad.customId(), bad.code(), bad.message());
            case BatchLine.Good good when expired -> fail(good.number(), good.customId(), "batch_expired",
                    "the job's deadline passed before the line was sent");
            case BatchLine.Good good when AnswerLines.unsupported(good.request()) instanceof String reason ->
                    fail(good.number(), good.customId(), "unsupported", reason);
            case BatchLine.Good good -> {
                var request = AnswerLines.marked(good, defaults);
                live.put(good.number(), new Live(request, good.customId(), good.bytes()));
                liveBytes += good.bytes();
                send(good.number(), request);
            }
        }
    }

    private void fail(long line, @Nullable String customId, String code, String message) {
        outcomes.add(Outcome.of(new BatchError(BatchLines.idOf(input.job(), line), line, customId, code, message)));
    }

    private void send(long line, GenerationRequest request) {
        requests.sendLater(request, failure -> failures.add(new Failure(line, failure)));
    }

    private void takeFailures() {
        for (var failure = failures.poll(); failure != null; failure = failures.poll()) {
            var request = live.get(failure.line());
            if (request == null) {
                continue;      // it had been written by an earlier attempt, and is answered
            }
            switch (failure.reason()) {
                case RecordTooLargeException tooLarge -> {
                    ended(failure.line());
                    fail(failure.line(), request.customId(), "line_too_long", "the request is larger than a record may "
                            + "be: " + tooLarge.getMessage() + "; shorten it, or raise the limits of cluster and "
                            + "client");
                }
                case AuthorizationException refused -> throw unwritable(refused);
                case AuthenticationException refused -> throw unwritable(refused);
                default -> {
                    unsent.put(failure.line(), System.nanoTime());
                    if (!failing) {
                        say.accept("requests cannot be written and are sent again: "
                                + Refusal.reason(failure.reason()));
                    }
                    failing = true;
                }
            }
        }
    }

    private static CommandException unwritable(Exception e) {
        return new CommandException("the requests cannot be written: " + Refusal.reason(e), e);
    }

    private void sendAgain() {
        long now = System.nanoTime();
        Map.copyOf(unsent).forEach((line, since) -> {
            if (now - since >= RETRY_NANOS) {
                unsent.remove(line);
                var waiting = live.get(line);
                if (waiting != null) {
                    send(line, waiting.request());
                }
            }
        });
    }

    /// Notes that a line has its outcome.
    @Override
    public void ended(long line) {
        failing = false;
        var ended = live.remove(line);
        if (ended != null) {
            liveBytes -= ended.bytes();
        }
    }

    /// Ends the job's deadline: cancels the requests under way, and sends no more. The remaining lines fail.
    @Override
    public void expire() {
        expired = true;
        requests.cancel(live.values().stream().map(each -> each.request().getId()).toList());
    }

    @Override
    public int live() {
        return live.size();
    }

    @Override
    public boolean isOver() {
        return exhausted && live.isEmpty();
    }
}
