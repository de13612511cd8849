package dev.flover.topology.generation;

import dev.flover.topology.metrics.Laps;
import dev.flover.topology.metrics.TickPart;
import dev.flover.topology.records.Forwarding;
import dev.flover.topology.records.RequestRecord;
import dev.flover.topology.state.EndedMemory;
import dev.flover.topology.state.PartitionState;
import dev.flover.topology.streams.StreamThreads;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/// The processor of one requests partition: Kafka Streams gives it records by [#process] and time by [#punctuate].
///
/// Kafka Streams may initialise the same processor again after it was closed; nothing of its earlier use remains. The
/// partition belongs to the stream thread that initialises it, and to that thread's engine.
final class GenerationProcessor extends ContextualProcessor<byte[], byte[], byte[], Outgoing> {
    private final List<ProcessParts> threads;
    private ProcessParts parts;
    private Laps laps;
    private EndedMemory ended;
    private Generations generations;
    private Intake intake;

    /// @param threads one for each stream thread; the thread that initialises the processor uses its own
    GenerationProcessor(List<ProcessParts> threads) {
        this.threads = threads;
    }

    @Override
    public void init(ProcessorContext<byte[], Outgoing> context) {
        super.init(context);
        parts = StreamThreads.own(threads);
        laps = new Laps(parts.metrics());
        var partition = new TopicPartition(parts.config().topics().requests(), context.taskId().partition());
        if (partition.partition() >= parts.homes().counts().now()) {
            throw new KafkaException("partitions were added to " + partition.topic());
        }
        var state = new PartitionState(context, parts.contract());
        var output = new Output(context, parts);
        ended = new EndedMemory(state, parts.config().remembering(), context.currentSystemTimeMs());
        generations = new Generations(parts, state, ended, output, partition.partition());
        intake = new Intake(parts, state, ended, generations, output, partition);
        generations.restore();
        // The start at the epoch makes the punctuators of all partitions fire in the same pass, and share its step.
        context.schedule(Instant.EPOCH, parts.config().pace().tick(), PunctuationType.WALL_CLOCK_TIME, this::punctuate);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        laps.begin();
        var origin = context().recordMetadata().orElseThrow();
        var requests = parts.config().topics().requests();
        long offset = origin.topic().equals(requests) ? origin.offset() : Forwarding.offset(origin.offset());
        intake.receive(new RequestRecord(requests, origin.partition(), offset, record.timestamp(), record.headers(),
                record.key(), record.value()), context().currentSystemTimeMs());
        laps.end(TickPart.REQUESTS);
    }

    private void punctuate(long timestamp) {
        long begin = System.nanoTime();
        long now = context().currentSystemTimeMs();
        boolean passBegins = parts.commits().tick(context().taskId().partition(), parts.room().demand());
        if (passBegins) {
            parts.engine().committed(parts.commits().count());
        }
        laps.begin();
        intake.tick(now);
        laps.end(TickPart.REQUESTS);
        generations.tick(now, passBegins, laps);
        ended.evict(now);
        if (parts.commits().isDue()) {
            parts.engine().launchAhead();
            context().commit();
        }
        if (passBegins) {
            parts.publishLoad();
            parts.metrics().spent(TickPart.COMMIT, parts.commits().takeSpentNanos());
        }
        generations.publish();
        laps.end(TickPart.OTHER);
        parts.metrics().ticked(System.nanoTime() - begin);
    }

    @Override
    public void close() {
        if (intake != null) {       // null if it was never initialised
            generations.close();
            intake.close();
            parts.publishLoad();
        }
    }
}
