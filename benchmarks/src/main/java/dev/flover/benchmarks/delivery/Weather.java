package dev.flover.benchmarks.delivery;

import dev.flover.app.options.CommandException;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Makes one disturbance of the services after the other, each for some seconds, all kinds before one comes again;
/// drawn from a seed. Not thread-safe: one thread calls [#tick].
final class Weather implements AutoCloseable {
    private static final String STRANGER = "strange-";
    private static final int LEAST_MS = 500;
    private static final int VARIES_MS = 2_500;
    private static final long SET_BACK_MS = 120_000;
    private static final double QUOTA_BYTES_PER_SECOND = 2_000;
    private static final int MOST_STRANGERS = 8;
    private static final int MOST_BYTES = 2_000;

    private final World world;
    private final List<String> producers;
    private final int partitions;
    private final Random random;
    private final TopicNames topics = TopicNames.standard();
    private final Deque<Trouble> next = new ArrayDeque<>();
    private final Map<Trouble, Integer> counts = new EnumMap<>(Trouble.class);
    private final Set<String> strangers = new HashSet<>();
    private @Nullable Trouble now;
    private @Nullable VictimProcess victim;
    private @Nullable KafkaProducer<byte[], byte[]> foreign;
    private long untilNanos;

    /// @param producers client ids of the pipelines' producers
    Weather(World world, List<String> producers, int partitions, Random random) {
        this.world = world;
        this.producers = producers;
        this.partitions = partitions;
        this.random = random;
    }

    /// Begins the next disturbance.
    ///
    /// @param target the instance whose clock is set, if that is the next disturbance
    void begin(Instance target) {
        if (next.isEmpty()) {
            var round = new ArrayList<>(Arrays.asList(Trouble.values()));
            Collections.shuffle(round, random);
            next.addAll(round);
        }
        now = next.remove();
        counts.merge(now, 1, Integer::sum);
        untilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LEAST_MS + random.nextInt(VARIES_MS));
        try {
            begin(now, target);
        } catch (KafkaException e) {
            throw new CommandException("the disturbance \"" + now.words() + "\" failed, because the cluster "
                    + "refused its call: " + CommandException.reason(e), e);
        }
    }

    private void begin(Trouble trouble, Instance target) {
        switch (trouble) {
            case BROKER_PAUSED -> world.pauseBroker();
            case BROKER_KILLED -> world.restartBroker();
            case WRITES_DENIED -> world.denyWrites(topics.tokens());
            case QUOTA -> world.quota(producers, QUOTA_BYTES_PER_SECOND);
            case CLOCK_SET_BACK -> {
                victim = target.running();
                victim.setClock(-SET_BACK_MS);
            }
            case REGISTRY_AWAY -> world.registry(RegistryFront.Manner.AWAY);
            case REGISTRY_LOST -> world.registry(RegistryFront.Manner.LOST);
            case REGISTRY_SLOW -> world.registry(RegistryFront.Manner.SLOW);
            case FOREIGN_TRANSACTION -> openTransaction();
            case STRANGE_RECORDS -> sendStrangers();
        }
    }

    /// Ends the disturbance when its time has passed.
    void tick() {
        if (now != null && System.nanoTime() - untilNanos >= 0) {
            end(now);
            now = null;
        }
    }

    private void end(Trouble trouble) {
        switch (trouble) {
            case BROKER_PAUSED -> world.resumeBroker();
            case BROKER_KILLED, STRANGE_RECORDS -> { }
            case WRITES_DENIED -> world.allowWrites(topics.tokens());
            case QUOTA -> world.quota(producers, null);
            case CLOCK_SET_BACK -> Objects.requireNonNull(victim).setClock(0);
            case REGISTRY_AWAY, REGISTRY_LOST, REGISTRY_SLOW -> world.registry(RegistryFront.Manner.USUAL);
            case FOREIGN_TRANSACTION -> {
                var open = Objects.requireNonNull(foreign);
                open.abortTransaction();
                open.close();
            }
        }
    }

    boolean isFair() {
        return now == null;
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        var properties = new HashMap<String, Object>(world.connection().producer());
        properties.putAll(more);
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private void openTransaction() {
        foreign = producer(Map.of("transactional.id", "somebody-else"));
        foreign.initTransactions();
        foreign.beginTransaction();
        for (int partition = 0; partition < partitions; partition++) {
            foreign.send(new ProducerRecord<>(topics.requests(), partition, null, new byte[] {1}));
        }
        foreign.flush();
    }

    private void sendStrangers() {
        try (var producer = producer(Map.of())) {
            for (int i = random.nextInt(MOST_STRANGERS) + 1; i > 0; i--) {
                var key = STRANGER + strangers.size();
                strangers.add(key);
                var record = new ProducerRecord<>(topics.requests(), random.nextInt(partitions),
                        key.getBytes(StandardCharsets.UTF_8), strangeValue());
                record.headers().add("any", new byte[random.nextInt(MOST_BYTES)]);
                producer.send(record);
            }
        }
    }

    private byte[] strangeValue() {
        byte[] value = new byte[5 + random.nextInt(MOST_BYTES)];
        random.nextBytes(value);
        if (random.nextBoolean()) {         // in the registry's wire format, with an unknown schema id
            ByteBuffer.wrap(value).put((byte) 0).putInt(100_000 + random.nextInt(1000));
        }
        return value;
    }

    /// Tells whether a dead letter comes from a record that this object wrote.
    static boolean isForeign(byte[] key) {
        return new String(key, StandardCharsets.UTF_8).startsWith(STRANGER);
    }

    /// Returns how many records that are no requests were written. Each must become a dead letter exactly once.
    int strangers() {
        return strangers.size();
    }

    Map<Trouble, Integer> counts() {
        return counts;
    }

    @Override
    public void close() {
        if (foreign != null) {
            foreign.close(Duration.ZERO);
        }
    }
}
