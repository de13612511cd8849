package dev.flover.benchmarks.delivery;

import dev.flover.app.client.Requests;
import dev.flover.app.connection.Connection;
import dev.flover.app.terminal.StopSignal;
import dev.flover.benchmarks.delivery.check.DeliveryCheck;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/// Sends requests so that some are live all the time, lets the disturber act on the pipelines, and reads the answers.
final class DeliveryRun {
    private static final long TICK_MS = 2;
    private static final int LIVE_AT_ONCE = 6;
    private static final long IDLE_LIMIT_NANOS = 90_000_000_000L;
    /// How long the run goes on after the last generation has ended, in ns, to find records that should not come.
    private static final long QUIET_NANOS = 2_000_000_000;

    private final Connection connection;
    private final List<GenerationRequest> requests;
    private final DeliveryCheck check;
    private final Retries retries;
    private final Sightings sightings;
    private final Recoveries recoveries;
    private final Disturber disturber;
    private final Weather weather;
    private final Set<String> strangers = ConcurrentHashMap.newKeySet();
    private final int groups;
    private final TopicNames topics = TopicNames.standard();
    private boolean begun;
    private int sent;
    private long lastTokens;
    private long lastProgressNanos;
    private boolean resting;
    private long restingNanos;
    private long completeNanos;

    /// @param groups number of groups that share the topics. If there are several, nothing is sent before all of them
    ///               serve, because a request for a model that its group has not registered yet is rejected
    DeliveryRun(Connection connection, List<GenerationRequest> requests, DeliveryCheck check,
            Retries retries, Sightings sightings, Recoveries recoveries, Disturber disturber, Weather weather,
            int groups) {
        this.connection = connection;
        this.requests = requests;
        this.check = check;
        this.retries = retries;
        this.sightings = sightings;
        this.recoveries = recoveries;
        this.disturber = disturber;
        this.weather = weather;
        this.groups = groups;
    }

    /// Plays the run. It ends when every generation has ended, every disturbance was made and every instance serves; or
    /// when no progress is made for 90 s; or on a stop signal.
    ///
    /// @param progress called from time to time with the number of disturbances made
    void play(StopSignal stop, IntConsumer progress) {
        try (var committed = new Witness(connection, "read_committed",
                        List.of(topics.tokens(), topics.results(), topics.deadLetters()), committedReader());
                var provisional = new Witness(
                        connection, "read_uncommitted", List.of(topics.tokens()), provisionalReader());
                var producer = new Requests(connection, topics.requests())) {
            long startNanos = System.nanoTime();
            lastProgressNanos = startNanos;
            while (!isOver() && !stop.await(TICK_MS)) {
                begun |= groups == 1 || disturber.isAtRest() || System.nanoTime() - startNanos > IDLE_LIMIT_NANOS;
                if (begun) {
                    send(producer);
                }
                disturber.tick(begun && !rests());
                committed.throwIfFailed();
                provisional.throwIfFailed();
                progress.accept(disturber.done());
            }
        }
    }

    private Consumer<ConsumerRecord<byte[], byte[]>> committedReader() {
        var chunks = ContractSerde.of(TokenChunk.class, connection.registry()).deserializer();
        var results = ContractSerde.of(GenerationResult.class, connection.registry()).deserializer();
        return record -> {
            if (record.topic().equals(topics.tokens())) {
                var chunk = chunks.deserialize(record.topic(), record.value());
                sightings.committed(record.timestamp());
                if (chunk.getRepeat() || chunk.getRefused() != null) {
                    retries.committed(chunk);
                    return;
                }
                check.committed(chunk);
                recoveries.committed(
                        chunk.getRequestId(), chunk.getTerminal(), record.timestamp(), System.nanoTime());
            } else if (record.topic().equals(topics.results())) {
                if (!retries.isFurtherResult(key(record), record.value())) {
                    check.result(results.deserialize(record.topic(), record.value()));
                }
            } else if (Weather.isForeign(record.key())) {
                strangersSeen(record);
            } else if (!retries.isRefusedRecord(key(record))) {
                check.deadLetter();
            }
        };
    }

    /// Takes a dead letter of a record that is no request; each such record must become a dead letter exactly once.
    private void strangersSeen(ConsumerRecord<byte[], byte[]> record) {
        if (!strangers.add(key(record))) {
            check.deadLetter();
        }
    }

    /// Returns how many records that are no requests have not become dead letters yet.
    int strangersMissing() {
        return weather.strangers() - strangers.size();
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    private Consumer<ConsumerRecord<byte[], byte[]>> provisionalReader() {
        var chunks = ContractSerde.of(TokenChunk.class, connection.registry()).deserializer();
        return record -> {
            var chunk = chunks.deserialize(record.topic(), record.value());
            check.provisional(chunk);
            sightings.provisional(record.timestamp(), chunk.getTerminal());
        };
    }

    /// Sends requests that are due: a few at the beginning, the others spread evenly over the disturbances, so that
    /// every disturbance meets live generations.
    private void send(Requests producer) {
        long released = Math.min(requests.size(), LIVE_AT_ONCE + spread());
        while (sent < released && sent - check.ended() < LIVE_AT_ONCE) {
            var request = requests.get(sent++);
            recoveries.sent(request.getId());
            producer.sendLater(request);
            retries.behind(request).forEach(producer::sendLater);
        }
        retries.due(check::hasEnded).forEach(producer::sendLater);
    }

    private long spread() {
        return disturber.isDone() ? requests.size() : (long) requests.size() * disturber.done() / disturber.total();
    }

    /// Tells whether the disturbances pause. Each disturbance costs a start, so they would all be made before most
    /// requests are answered. They pause from time to time until the answers have caught up, so that they are spread
    /// over the run.
    private boolean rests() {
        long now = System.nanoTime();
        long behind = spread() - check.ended();
        if (!resting && behind > LIVE_AT_ONCE) {
            resting = true;
            restingNanos = now;
        }
        resting &= behind > 0 && !disturber.isDone() && now - restingNanos < IDLE_LIMIT_NANOS;
        return resting;
    }

    private boolean isOver() {
        long now = System.nanoTime();
        if (check.committedTokens() != lastTokens || !disturber.isDone()) {
            lastTokens = check.committedTokens();
            lastProgressNanos = now;
        }
        if (!disturber.isDone() || !check.isComplete() || !retries.isComplete() || !disturber.isAtRest()
                || strangersMissing() > 0) {
            return now - lastProgressNanos > IDLE_LIMIT_NANOS;
        }
        completeNanos = completeNanos == 0 ? now : completeNanos;
        return now - completeNanos > QUIET_NANOS;
    }
}
