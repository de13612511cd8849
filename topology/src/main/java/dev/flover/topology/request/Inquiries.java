package dev.flover.topology.request;

import dev.flover.schemas.serdes.RegistryUnavailableException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks questions of a service outside the process on another thread, each once for all requests that wait for the
/// answer.
///
/// ```
///   no answer         asked again, without an end
///   "there is none"   asked again for a time, then refused
///   "no"              refused
///   an answer         serves the questions that arose before it was asked for
/// ```
///
/// Used by all stream threads of a process, one at a time.
///
/// @param <K> the type of questions
/// @param <V> the type of answers
public final class Inquiries<K, V> {
    private static final Logger LOG = LoggerFactory.getLogger(Inquiries.class);
    private static final int MOST_KEPT = 200;
    private static final long FIRST_RETRY_MS = 100;
    private static final long LAST_RETRY_MS = 10_000;
    private static final long NEVER = -1;

    private final Function<K, Outcome<V>> source;
    private final Executor background;
    private final long missingForMs;
    private final Map<K, Inquiry<V>> inquiries = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<K, Inquiry<V>> eldest) {
            return size() > MOST_KEPT && eldest.getValue().trial == null;
        }
    };

    /// The outcome of asking the service once, on the background thread.
    public sealed interface Outcome<V> {
        record Known<V>(V value) implements Outcome<V> {}

        /// The service does not have the value now; it may have it later.
        record Missing<V>(String reason) implements Outcome<V> {}

        record Refused<V>(String reason) implements Outcome<V> {}
    }

    sealed interface Answer<V> {
        record Known<V>(V value) implements Answer<V> {}

        record Refused<V>(String reason) implements Answer<V> {}

        record Later<V>() implements Answer<V> {}
    }

    private static final class Inquiry<V> {
        private @Nullable CompletableFuture<Outcome<V>> trial;
        private long trialBegan;
        private @Nullable Answer<V> last;
        private long lastBegan = NEVER;
        private long retryAt;
        private long retryMs = FIRST_RETRY_MS;
        private long missingSince = NEVER;

        boolean answers(long since) {
            return last != null && lastBegan >= since;
        }
    }

    /// @param source     asks the service; may wait; throws [RegistryUnavailableException] or another exception where
    ///                   there is no answer
    /// @param background an executor whose threads may wait
    /// @param missingFor for how long the service is asked again after it answered that the object does not exist
    public Inquiries(Function<K, Outcome<V>> source, Executor background, Duration missingFor) {
        this.source = source;
        this.background = background;
        this.missingForMs = missingFor.toMillis();
    }

    /// The answer to a question, if it is known already; otherwise starts asking the service.
    ///
    /// @param since when the question arose, ms: an answer to an earlier question does not count
    /// @param now   monotonic time in ms
    synchronized Answer<V> ask(K key, long since, long now) {
        var inquiry = inquiries.computeIfAbsent(key, fresh -> new Inquiry<>());
        take(key, inquiry, now);
        if (inquiry.last != null && inquiry.answers(since)) {
            return inquiry.last;
        }
        if (inquiry.trial == null && now >= inquiry.retryAt) {
            inquiry.trialBegan = now;
            inquiry.trial = CompletableFuture.supplyAsync(() -> source.apply(key), background);
            take(key, inquiry, now);
        }
        return inquiry.last != null && inquiry.answers(since) ? inquiry.last : new Answer.Later<>();
    }

    /// Whether [#ask] may return another result now than its last [Answer.Later].
    synchronized boolean hasNews(K key, long since, long now) {
        var inquiry = inquiries.get(key);
        return inquiry == null || inquiry.answers(since)
                || (inquiry.trial == null ? now >= inquiry.retryAt : inquiry.trial.isDone());
    }

    private void take(K key, Inquiry<V> inquiry, long now) {
        if (inquiry.trial == null || !inquiry.trial.isDone()) {
            return;
        }
        var trial = inquiry.trial;
        inquiry.trial = null;
        if (trial.isCompletedExceptionally()) {
            var failure = trial.exceptionNow();
            LOG.warn("{}: {}; requests that need it wait, all others are not affected", key, failure.getMessage());
            retryLater(inquiry, now, LAST_RETRY_MS);
            return;
        }
        switch (trial.join()) {
            case Outcome.Known<V>(V value) -> answered(inquiry, new Answer.Known<>(value));
            case Outcome.Refused<V>(String reason) -> answered(inquiry, new Answer.Refused<>(reason));
            case Outcome.Missing<V>(String reason) -> missing(inquiry, reason, now);
        }
    }

    private void missing(Inquiry<V> inquiry, String reason, long now) {
        if (inquiry.missingSince == NEVER) {
            inquiry.missingSince = now;
        }
        long left = missingForMs - (now - inquiry.missingSince);
        if (left <= 0) {
            answered(inquiry, new Answer.Refused<>(reason));
        } else {
            retryLater(inquiry, now, left);
        }
    }

    private static <V> void answered(Inquiry<V> inquiry, Answer<V> answer) {
        inquiry.last = answer;
        inquiry.lastBegan = inquiry.trialBegan;
        inquiry.retryMs = FIRST_RETRY_MS;
        inquiry.retryAt = 0;
        if (answer instanceof Answer.Known) {
            inquiry.missingSince = NEVER;
        }
    }

    private static void retryLater(Inquiry<?> inquiry, long now, long mostMs) {
        inquiry.retryAt = now + Math.min(inquiry.retryMs, Math.max(1, mostMs));
        inquiry.retryMs = Math.min(2 * inquiry.retryMs, LAST_RETRY_MS);
    }
}
