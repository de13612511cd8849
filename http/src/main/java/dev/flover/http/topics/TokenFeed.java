package dev.flover.http.topics;

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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one consumer that reads new records of the tokens topic and passes them to the subscribers of their ids.
///
/// Its thread decodes only records whose id has a subscriber, and never waits for a reader.
final class TokenFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TokenFeed.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long PAUSE_MS = 500;
    private static final Duration LOOK_FOR_PARTITIONS = Duration.ofSeconds(10);

    private final String topic;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ChunkReading reading;
    private final CountDownLatch closing;
    private final Map<String, List<Subscription>> readers = new ConcurrentHashMap<>();
    private final Map<Integer, Long> positions = new ConcurrentHashMap<>();
    /// The offset after the newest record that was or is being passed on.
    private final Map<Integer, Long> taken = new ConcurrentHashMap<>();
    private final Thread thread;
    private long lookedForPartitions;

    /// @param properties of the consumer
    private TokenFeed(TopicAccess access, Map<String, Object> properties, ChunkReading reading,
            CountDownLatch closing, String threadName) {
        this.topic = access.topics().tokens();
        this.reading = reading;
        this.closing = closing;
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        thread = Thread.ofPlatform().name(threadName).daemon().unstarted(this::run);
    }

    /// Starts reading at the end of the topic. If the cluster does not answer, the thread waits for it.
    static TokenFeed start(TopicAccess access, ChunkReading reading, CountDownLatch closing) {
        return started(new TokenFeed(access, access.consumer(), reading, closing, "flover-http-tokens"));
    }

    /// Starts reading at the end of the topic, including records that are not committed.
    ///
    /// @param closing ends the reading when it is counted down, before [#close]
    static TokenFeed ofDrawn(TopicAccess access, ChunkReading reading, CountDownLatch closing) {
        return started(new TokenFeed(access, access.uncommitted(), reading, closing, "flover-http-drawn"));
    }

    private static TokenFeed started(TokenFeed feed) {
        feed.thread.start();
        return feed;
    }

    /// Tells whether it reads, so that no chunk of an id that is subscribed now will be missed.
    public boolean isReading() {
        return !positions.isEmpty();
    }

    /// Returns the number of partitions of the tokens topic; 0 if it is not known yet.
    public int partitions() {
        return positions.size();
    }

    /// Returns the offset of the next record to be passed on; all records before it were passed to their subscribers.
    public long position(int partition) {
        return positions.getOrDefault(partition, 0L);
    }

    /// Returns an offset from which on a subscription made before this call misses no record. Records before it are on
    /// the topic, and may come to the subscription as well.
    long takenUpTo(int partition) {
        return taken.getOrDefault(partition, 0L);
    }

    Subscription subscribe(String id) {
        var subscription = new Subscription(id, this);
        readers.compute(id, (key, list) -> {
            var all = list == null ? new CopyOnWriteArrayList<Subscription>() : list;
            all.add(subscription);
            return all;
        });
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
                if (lookedForPartitions == 0
                        || System.nanoTime() - lookedForPartitions > LOOK_FOR_PARTITIONS.toNanos()) {
                    lookForPartitions();
                }
                for (var record : consumer.poll(POLL)) {
                    handOn(record);
                }
                advance();
            } catch (WakeupException e) {
                // only #close wakes the consumer
            } catch (KafkaException e) {
                LOG.warn("reading {} failed, and is tried again: {}", topic, e.getMessage());
                pause();
            }
        }
        consumer.close();
    }

    private void pause() {
        try {
            closing.await(PAUSE_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Assigns the topic's partitions. Those found first are read from their ends, those added later from their
    /// beginnings.
    private void lookForPartitions() {
        var found = new ArrayList<TopicPartition>();
        consumer.partitionsFor(topic).forEach(each -> found.add(new TopicPartition(topic, each.partition())));
        if (found.isEmpty()) {
            throw new KafkaException("the topic " + topic + " does not exist; `flover up --create-topics` creates what "
                    + "the pipeline needs");
        }
        var before = Set.copyOf(consumer.assignment());
        if (found.size() > before.size()) {
            var starts = new HashMap<TopicPartition, Long>();
            before.forEach(partition -> starts.put(partition, consumer.position(partition)));
            var fresh = found.stream().filter(partition -> !before.contains(partition)).toList();
            starts.putAll(before.isEmpty() ? consumer.endOffsets(fresh) : consumer.beginningOffsets(fresh));
            consumer.assign(found);
            starts.forEach(consumer::seek);
            starts.forEach((partition, start) -> {
                taken.put(partition.partition(), start);
                positions.put(partition.partition(), start);
            });
        }
        lookedForPartitions = System.nanoTime();
    }

    /// Marks the record as taken before it looks for subscribers: a later subscriber reads it from the topic.
    private void handOn(ConsumerRecord<byte[], byte[]> record) {
        taken.put(record.partition(), record.offset() + 1);
        var waiting = readers.get(ChunkReading.idOf(record));
        if (waiting != null) {
            reading.read(record).ifPresent(chunk -> waiting.forEach(reader -> reader.offer(chunk)));
        }
    }

    private void advance() {
        for (var partition : consumer.assignment()) {
            long position = consumer.position(partition);
            taken.put(partition.partition(), position);
            positions.put(partition.partition(), position);
        }
    }

    @Override
    public void close() {
        consumer.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
