package dev.flover.benchmarks.topics;

import dev.flover.app.client.Requests;
import dev.flover.app.options.CommandException;
import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.benchmarks.workload.Workload;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/// Sends requests at their arrival times from several producers, and records when their tokens can be read.
final class ArrivingRequests {
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final long PATIENCE_NANOS = Duration.ofMinutes(5).toNanos();
    private static final long BETWEEN_LOOKS_AT_LAG_NANOS = Duration.ofMillis(200).toNanos();

    private final TemporaryPipeline pipeline;
    private final Workload workload;
    private final List<GenerationRequest> requests;
    private final Map<String, Integer> indexes = new HashMap<>();
    private final AtomicLongArray sentAt;
    private final long[] readAt;
    private final double[] firstTokenMs;
    private final List<Double> betweenTokensMs = new ArrayList<>();
    private final List<Double> lags = new ArrayList<>();
    private long tokens;
    private int ended;

    /// @param workload the arrivals; the unit of time is a second
    ArrivingRequests(TemporaryPipeline pipeline, Workload workload, List<GenerationRequest> requests) {
        this.pipeline = pipeline;
        this.workload = workload;
        this.requests = requests;
        for (int i = 0; i < requests.size(); i++) {
            indexes.put(requests.get(i).getId(), i);
        }
        sentAt = new AtomicLongArray(requests.size());
        readAt = new long[requests.size()];
        firstTokenMs = new double[requests.size()];
    }

    /// Plays the workload and returns when all answers have been read.
    PipelineReport.Arriving play(int producers, TopicFigures figures) {
        pipeline.skip();
        var clients = new ArrayList<Requests>();
        var threads = new ArrayList<Thread>();
        try {
            for (int i = 0; i < producers; i++) {
                clients.add(new Requests(pipeline.connection(), pipeline.config().topics().requests()));
            }
            long begin = System.nanoTime();
            for (int i = 0; i < producers; i++) {
                int first = i;
                threads.add(Thread.ofPlatform().daemon().name("producer-" + i)
                        .start(() -> send(clients.get(first), first, producers, begin)));
            }
            threads.add(Thread.ofPlatform().daemon().name("lag").start(() -> watch(figures)));
            read();
            double seconds = (System.nanoTime() - begin) * 1e-9;
            double lastArrival = workload.demands().getLast().arrival() / (double) Demand.UNIT;
            return new PipelineReport.Arriving(lastArrival == 0 ? 0 : (requests.size() - 1) / lastArrival,
                    tokens / seconds, Spread.of(firstTokenMs), spread(betweenTokensMs), lagSpread());
        } finally {
            threads.forEach(Thread::interrupt);
            threads.forEach(ArrivingRequests::join);
            clients.forEach(Requests::close);
        }
    }

    private void send(Requests client, int first, int step, long begin) {
        for (int i = first; i < requests.size(); i += step) {
            long due = begin + workload.demands().get(i).arrival() * (1_000_000_000 / Demand.UNIT);
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                LockSupport.parkNanos(left);
            }
            sentAt.set(i, System.nanoTime());
            client.sendLater(requests.get(i));
        }
    }

    private void watch(TopicFigures figures) {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                double lag = figures.lag();
                synchronized (lags) {
                    lags.add(lag);
                }
            } catch (CommandException e) {      // interrupted at the end, or a broker failure that the reader reports
                return;
            }
            LockSupport.parkNanos(BETWEEN_LOOKS_AT_LAG_NANOS);
        }
    }

    private void read() {
        long giveUp = System.nanoTime() + PATIENCE_NANOS
                + workload.demands().getLast().arrival() * (1_000_000_000 / Demand.UNIT);
        while (ended < requests.size()) {
            pipeline.read(LOOK, this::take);
            if (System.nanoTime() > giveUp) {
                throw new CommandException("not all answers came within five minutes after the last request");
            }
        }
    }

    private void take(TokenChunk chunk) {
        int index = Objects.requireNonNull(indexes.get(chunk.getRequestId()));
        int count = chunk.getTokenIds().size();
        long now = System.nanoTime();
        if (count > 0) {
            if (readAt[index] == 0) {
                firstTokenMs[index] = (now - sentAt.get(index)) / 1e6;
            } else {
                betweenTokensMs.add((now - readAt[index]) / 1e6 / count);
            }
            readAt[index] = now;
            tokens += count;
        }
        ended += chunk.getTerminal() ? 1 : 0;
    }

    private Spread lagSpread() {
        synchronized (lags) {
            return spread(lags);
        }
    }

    private static Spread spread(List<Double> values) {
        return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
