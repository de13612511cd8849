package dev.flover.client;

import dev.flover.schemas.TokenChunk;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The chunks of a request's answers for one subscriber, no more of them than it has asked for.
///
/// A thread of the executor is used only while there are chunks to deliver. A subscriber that blocks holds up itself
/// alone.
final class ChunkPublisher implements Flow.Publisher<TokenChunk> {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkPublisher.class);

    private final AnswerStream stream;
    private final Executor executor;
    private final AtomicBoolean isRead;

    /// @param isRead whether the answer has a reader; set by the first subscriber
    ChunkPublisher(AnswerStream stream, Executor executor, AtomicBoolean isRead) {
        this.stream = stream;
        this.executor = executor;
        this.isRead = isRead;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super TokenChunk> subscriber) {
        Objects.requireNonNull(subscriber, "subscriber");
        if (isRead.getAndSet(true)) {
            subscriber.onSubscribe(new None());
            subscriber.onError(new IllegalStateException(Generation.ONE_READER));
        } else {
            new Delivery(subscriber).start(subscriber);
        }
    }

    /// The subscription of a subscriber that came second.
    private static final class None implements Flow.Subscription {
        @Override
        public void request(long n) {
            // there is nothing to deliver
        }

        @Override
        public void cancel() {
            // nothing was begun
        }
    }

    private final class Delivery implements Flow.Subscription, Runnable {
        private final AtomicLong wanted = new AtomicLong();
        /// The calls of [#signal] that [#run] has not answered yet. It begins at 1, so that nothing is delivered before
        /// the subscriber's `onSubscribe` has returned.
        private final AtomicInteger signals = new AtomicInteger(1);
        private volatile boolean cancelled;
        private volatile long wrongDemand;
        private volatile Flow.@Nullable Subscriber<? super TokenChunk> subscriber;

        Delivery(Flow.Subscriber<? super TokenChunk> subscriber) {
            this.subscriber = subscriber;
        }

        void start(Flow.Subscriber<? super TokenChunk> target) {
            target.onSubscribe(this);
            stream.live().onChange(this::signal);
            execute();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                wrongDemand = n == 0 ? Long.MIN_VALUE : n;
            } else {
                wanted.accumulateAndGet(n, (before, more) ->
                        before > Long.MAX_VALUE - more ? Long.MAX_VALUE : before + more);
            }
            signal();
        }

        @Override
        public void cancel() {
            cancelled = true;
            signal();
        }

        private void signal() {
            if (signals.getAndIncrement() == 0) {
                execute();
            }
        }

        private void execute() {
            try {
                executor.execute(this);
            } catch (RejectedExecutionException e) {
                release();      // the client was closed, and its subscribers were told
            }
        }

        @Override
        public void run() {
            int answered = signals.get();
            do {
                deliver();
                answered = signals.addAndGet(-answered);
            } while (answered != 0);
        }

        private void deliver() {
            var target = subscriber;
            if (target == null) {
                return;
            }
            try {
                deliver(target);
            } catch (GenerationException e) {
                fail(target, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                fail(target, new GenerationException.Unavailable(stream.id(), "interrupted", e));
            } catch (RuntimeException e) {
                LOG.error("a subscriber of the answer to {} failed and gets no further chunks", stream.id(), e);
                release();
            }
        }

        private void deliver(Flow.Subscriber<? super TokenChunk> target) throws InterruptedException {
            while (!cancelled && wrongDemand == 0 && wanted.get() > 0) {
                var chunk = stream.poll();
                if (chunk.isEmpty()) {
                    break;
                }
                wanted.updateAndGet(before -> before == Long.MAX_VALUE ? before : before - 1);
                target.onNext(chunk.get());
            }
            if (cancelled) {
                release();
            } else if (wrongDemand != 0) {
                fail(target, new IllegalArgumentException("a subscriber must request at least 1 chunk, was "
                        + (wrongDemand == Long.MIN_VALUE ? 0 : wrongDemand) + " (rule 3.9 of Reactive Streams)"));
            } else if (stream.isEnded() && stream.verdict() != null) {
                fail(target, stream.verdict());
            } else if (stream.isEnded()) {
                release();
                target.onComplete();
            } else {
                stream.live().requireNoFailure();
            }
        }

        private void fail(Flow.Subscriber<? super TokenChunk> target, RuntimeException problem) {
            release();
            target.onError(problem);
        }

        private void release() {
            subscriber = null;
            stream.live().onChange(() -> { });
            stream.close();
        }
    }
}
