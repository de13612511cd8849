package dev.flover.topology.streams;

import dev.flover.topology.records.DeadLetter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/// The records of a transaction for topics of other applications. Such a topic may be deleted or closed to the pipeline
/// at any moment; the records must then be spared without harm to all others.
///
/// With Kafka's producer alone, one record for a deleted topic would block the stream thread until a timeout, and abort
/// the transaction of all generations. Therefore these records are held until all others of the transaction are
/// written, and are then sent on another thread:
///
/// ```
///   own records ─ flush ─► spared records are sent ─┬─ all accepted ───────────► commit
///                                                   └─ a topic refuses its own ─► new producer: own records again,
///                                                                                 without that topic's ─► commit
/// ```
///
/// A record that its topic refuses goes to the dead letters, in the repeated transaction.
final class SparedRecords {
    /// The longest wait for a topic, in ms, before the cluster is asked whether the topic is still there.
    private static final long LOOK_AFTER_MS = 500;
    private static final int MOST_LOOKS = 20;
    private static final int MOST_REPEATS = 3;

    private final OtherTopics topics;
    private final String deadLetters;
    /// The pipeline's own records of this transaction.
    private final List<Own> own = new ArrayList<>();
    private final List<ProducerRecord<byte[], byte[]>> held = new ArrayList<>();
    /// The spared records of this transaction that their topics have accepted.
    private final List<ProducerRecord<byte[], byte[]>> accepted = new ArrayList<>();

    private record Own(ProducerRecord<byte[], byte[]> record, Callback callback) {}

    /// The producer of a transaction.
    interface Transaction {
        Producer<byte[], byte[]> producer();

        /// Ends the transaction without a trace, and begins it again with another producer.
        void renew();
    }

    /// @param deadLetters the topic of dead letters
    SparedRecords(OtherTopics topics, String deadLetters) {
        this.topics = topics;
        this.deadLetters = deadLetters;
    }

    /// Holds a record that is marked as one for another application's topic.
    ///
    /// @return false for a record of the pipeline's own
    boolean hold(ProducerRecord<byte[], byte[]> record) {
        var mark = record.headers().lastHeader(OtherTopics.MARK);
        if (mark == null) {
            return false;
        }
        Integer partition = mark.value().length == 0 ? null : Integer.valueOf(ByteBuffer.wrap(mark.value()).getInt());
        held.add(new ProducerRecord<>(record.topic(), partition, record.timestamp(), record.key(), record.value(),
                record.headers().remove(OtherTopics.MARK)));
        return true;
    }

    /// Remembers a record of the pipeline's own, because the transaction may have to be repeated.
    void sent(ProducerRecord<byte[], byte[]> record, Callback callback) {
        own.add(new Own(record, callback));
    }

    /// Forgets the records of the transaction, which has ended.
    void clear() {
        own.clear();
        held.clear();
        accepted.clear();
    }

    /// Sends the held records, after all others of the transaction were written. Where a topic refuses its record, the
    /// transaction is repeated without it.
    void settle(Transaction transaction) {
        for (int repeats = 0; !held.isEmpty(); repeats++) {
            var refused = send(transaction.producer(), repeats < MOST_REPEATS);
            if (refused.isEmpty()) {
                accepted.addAll(held);
                held.clear();
            } else {
                repeat(transaction, refused);
            }
        }
    }

    /// Sends the held records on another thread.
    ///
    /// @param patient false to give up all records that are not accepted at once
    /// @return for each topic that refuses its record, the reason
    private Map<String, String> send(Producer<byte[], byte[]> producer, boolean patient) {
        var outcomes = new ArrayList<CompletableFuture<RecordMetadata>>();
        held.forEach(record -> outcomes.add(new CompletableFuture<>()));
        Thread.ofVirtual().name("flover-other-topics").start(() -> send(producer, List.copyOf(held), outcomes));
        var all = CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new));
        var refused = new LinkedHashMap<String, String>();
        for (int looks = 0; refused.isEmpty() && !isOver(all); looks++) {
            lookAtThoseThatWait(outcomes, patient && looks < MOST_LOOKS, refused);
        }
        for (int i = 0; i < held.size(); i++) {
            if (outcomes.get(i).isCompletedExceptionally() && isOfTheTopic(outcomes.get(i).exceptionNow())) {
                refused.put(held.get(i).topic(), "'" + held.get(i).topic() + "' refuses the record: "
                        + outcomes.get(i).exceptionNow().getMessage());
            }
        }
        return refused;
    }

    private void lookAtThoseThatWait(
            List<CompletableFuture<RecordMetadata>> outcomes, boolean patient, Map<String, String> refused) {
        var looked = new HashSet<TopicPartition>();
        for (int i = 0; i < held.size(); i++) {
            var record = held.get(i);
            int partition = record.partition() == null ? -1 : record.partition();
            if (!outcomes.get(i).isDone() && looked.add(new TopicPartition(record.topic(), partition))) {
                String problem = patient ? topics.problem(record.topic(), record.partition())
                        : "'" + record.topic() + "' has not accepted the record in time";
                if (problem != null) {
                    refused.put(record.topic(), problem);
                }
            }
        }
    }

    private static void send(Producer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records,
            List<CompletableFuture<RecordMetadata>> outcomes) {
        for (int i = 0; i < records.size(); i++) {
            var outcome = outcomes.get(i);
            try {
                producer.send(records.get(i), (written, problem) -> {
                    if (problem == null) {
                        outcome.complete(written);
                    } else {
                        outcome.completeExceptionally(problem);
                    }
                });
            } catch (KafkaException | IllegalStateException e) {
                outcome.completeExceptionally(e);
            }
        }
        try {
            producer.flush();
        } catch (KafkaException | IllegalStateException e) {
            outcomes.forEach(outcome -> outcome.completeExceptionally(e));
        }
    }

    private static boolean isOver(CompletableFuture<Void> all) {
        try {
            all.get(LOOK_AFTER_MS, TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException e) {
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while records for other applications were sent", e);
        }
    }

    /// Whether an error concerns the topic alone. All other errors, such as that of a producer that was replaced, are
    /// found when the transaction is committed.
    private static boolean isOfTheTopic(Throwable problem) {
        return problem instanceof TopicAuthorizationException || problem instanceof UnknownTopicOrPartitionException
                || problem instanceof InvalidTopicException || problem instanceof RecordTooLargeException
                || problem instanceof RecordBatchTooLargeException || problem instanceof InvalidRecordException
                || problem instanceof PolicyViolationException
                || problem instanceof org.apache.kafka.common.errors.TimeoutException;
    }

    private void repeat(Transaction transaction, Map<String, String> refused) {
        transaction.renew();
        held.addAll(accepted);
        accepted.clear();
        for (var record : List.copyOf(held)) {
            String reason = refused.get(record.topic());
            if (reason != null) {
                held.remove(record);
                topics.lost(record.topic(), reason);
                own.add(new Own(aside(record, reason), (written, problem) -> { }));
            }
        }
        own.forEach(each -> transaction.producer().send(each.record(), each.callback()));
        transaction.producer().flush();
    }

    private ProducerRecord<byte[], byte[]> aside(ProducerRecord<byte[], byte[]> record, String reason) {
        Headers headers = new RecordHeaders(record.headers().toArray());
        var letter = DeadLetter.meantFor(record.topic(), record.key(), record.value(), headers, reason);
        return new ProducerRecord<>(
                deadLetters, null, record.timestamp(), letter.key(), letter.value(), letter.headers());
    }
}
