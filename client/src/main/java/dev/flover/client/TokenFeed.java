package dev.flover.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flover.schemas.serdes.RegistryUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one consumer that reads new records of the tokens topic and passes them to the subscribers of their ids.
///
/// Its thread decodes only records whose id has a subscriber, and never waits for a reader. It also wakes all
/// subscribers once a second, so that each can tell how long it has waited.
final class TokenFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TokenFeed.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long PAUSE_MS = 500;
    private static final Duration LOOK_FOR_PARTITIONS = Duration.ofSeconds(10);
    private static final Duration WAKE = Duration.ofSeconds(1);

    private final String topic;
    private final Consumer<byte[], byte[]> consumer;
    private final ChunkDecoder decoder;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Map<String, List<Subscription>> readers = new ConcurrentHashMap<>();
    /// The offset of the next record to be passed on; all records before it were passed to their subscribers.
    private final Map<Integer, Long> passedOn = new ConcurrentHashMap<>();
    /// The offset after the newest record that was or is being passed on.
    private final Map<Integer, Long> taken = new ConcurrentHashMap<>();
    private final Thread thread;
    private long lookedForPartitions;
    private long woke = System.nanoTime();

    private TokenFeed(String topic, Consumer<byte[], byte[]> consumer, ChunkDecoder decoder) {
        this.topic = topic;
        this.consumer = consumer;
        this.decoder = decoder;
        thread = new Thread(this::run, "flover-client-tokens");
        thread.setDaemon(true);
    }

    /// Starts reading at the end of the topic. No chunk that is committed after this call is missed.
    ///
    /// @throws KafkaException if the topic cannot be read
    static TokenFeed start(FloverConfig config, ChunkDecoder decoder) {
        return start(config.topics().tokens(), new KafkaConsumer<>(
                config.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer()), decoder);
    }

    /// @param consumer owned by the feed
    static TokenFeed start(String topic, Consumer<byte[], byte[]> consumer, ChunkDecoder decoder) {
        var feed = new TokenFeed(topic, consumer, decoder);
        try {
            feed.lookForPartitions();
        } catch (KafkaException e) {
            feed.consumer.close();
            throw e;
        }
        feed.thread.start();
        return feed;
    }

    /// Returns the number of partitions of the tokens topic.
    int partitions() {
        return passedOn.size();
    }

    /// Returns the offset of the next record to be passed on; all records before it were passed to their subscribers.
    long passedOnUpTo(int partition) {
        return passedOn.getOrDefault(partition, 0L);
    }

    /// Returns an offset from which on a subscription made before this call misses no record. Records before it are on
    /// the topic, and may come to the subscription as well.
    long takenUpTo(int partition) {
        return taken.getOrDefault(partition, 0L);
    }

    Subscription subscribe(String id, boolean isOfRequest) {
        var subscription = new Subscription(id, isOfRequest);
        readers.compute(id, (key, list) -> {
            var all = list == null ? new CopyOnWriteArrayList<Subscription>() : list;
            all.add(subscription);
            return all;
        });
        if (closing.getCount() == 0) {
            fail(subscription);
        }
        return subscription;
    }

    void unsubscribe(Subscription subscription) {
        readers.computeIfPresent(subscription.id(), (key, list) -> {
            list.remove(subscription);
            return list.isEmpty() ? null : list;
        });
    }

    private void run() {
        while (closing.getCount() > 0) {
            try {
                if (System.nanoTime() - lookedForPartitions > LOOK_FOR_PARTITIONS.toNanos()) {
                    lookForPartitions();
                }
                if (passOn(consumer.poll(POLL))) {
                    advance();
                } else {
                    pause();
                }
            } catch (WakeupException e) {
                // only #close wakes the consumer
            } catch (RuntimeException e) {
                LOG.warn("reading {} failed, and is tried again: {}", topic, e.toString());
                pause();
            }
            wakeAll();
        }
        consumer.close();
        readers.values().forEach(list -> list.forEach(TokenFeed::fail));
    }

    private static void fail(Subscription reader) {
        reader.fail(new GenerationException.Unavailable(reader.id(), "the client was closed", null));
    }

    private void pause() {
        try {
            closing.await(PAUSE_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void wakeAll() {
        if (System.nanoTime() - woke > WAKE.toNanos()) {
            woke = System.nanoTime();
            readers.values().forEach(list -> list.forEach(Subscription::wake));
        }
    }

    /// Assigns the topic's partitions. Those found first are read from their ends, those added later from their
    /// beginnings.
    private void lookForPartitions() {
        var found = new ArrayList<TopicPartition>();
        consumer.partitionsFor(topic).forEach(each -> found.add(new TopicPartition(topic, each.partition())));
        if (found.isEmpty()) {
            throw new KafkaException("the topic " + topic + " does not exist; `flover up --create-topics` creates the "
                    + "topics of a pipeline");
        }
        var before = Set.copyOf(consumer.assignment());
        if (found.size() > before.size()) {
            var starts = new HashMap<TopicPartition, Long>();
            before.forEach(partition -> starts.put(partition, consumer.position(partition)));
            var added = found.stream().filter(partition -> !before.contains(partition)).toList();
            starts.putAll(before.isEmpty() ? consumer.endOffsets(added) : consumer.beginningOffsets(added));
            consumer.assign(found);
            starts.forEach(consumer::seek);
            starts.forEach((partition, start) -> {
                taken.put(partition.partition(), start);
                passedOn.put(partition.partition(), start);
            });
        }
        lookedForPartitions = System.nanoTime();
    }

    /// Passes records to their subscribers. Records that need a schema while the registry does not answer are read
    /// again later.
    ///
    /// @return false if such records remain
    private boolean passOn(ConsumerRecords<byte[], byte[]> records) {
        boolean all = true;
        for (var partition : records.partitions()) {
            for (var record : records.records(partition)) {
                try {
                    passOn(record);
                } catch (RegistryUnavailableException e) {
                    LOG.warn("waiting for the schema registry: {}", e.getMessage());
                    consumer.seek(partition, record.offset());
                    all = false;
                    break;
                }
            }
        }
        return all;
    }

    /// Marks the record as taken before it looks for subscribers: a later subscriber reads it from the topic.
    private void passOn(ConsumerRecord<byte[], byte[]> record) {
        taken.put(record.partition(), record.offset() + 1);
        var waiting = record.key() == null ? null : readers.get(new String(record.key(), UTF_8));
        if (waiting == null) {
            return;
        }
        try {
            decoder.decode(record).ifPresent(chunk -> waiting.forEach(reader -> reader.offer(chunk)));
        } catch (RegistryUnavailableException e) {
            throw e;
        } catch (KafkaException e) {
            waiting.forEach(reader -> reader.fail(
                    new GenerationException.Unavailable(reader.id(), e.getMessage(), e)));
        }
    }

    private void advance() {
        for (var partition : consumer.assignment()) {
            long position = consumer.position(partition);
            taken.put(partition.partition(), position);
            passedOn.put(partition.partition(), position);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        consumer.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
