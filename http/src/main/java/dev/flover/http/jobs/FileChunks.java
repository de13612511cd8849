package dev.flover.http.jobs;

import dev.flover.http.topics.TopicAccess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// The bytes of an uploaded file, as a stream over its chunks in the files topic.
public final class FileChunks extends InputStream {
    /// The size of a chunk. Records of one MiB are allowed by default.
    private static final int CHUNK_BYTES = 512 << 10;
    private static final int MOST_UNCONFIRMED = 16;
    private static final Duration POLL = Duration.ofMillis(500);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final TopicPartition partition;
    private final StoredFile file;
    private final List<byte[]> read = new ArrayList<>();
    private int chunks;
    private byte[] current = {};
    private int position;

    /// @throws JobsException if the topic cannot be read
    public FileChunks(TopicAccess access, StoredFile file) {
        this.file = file;
        partition = new TopicPartition(JobTopics.of(access.topics().requests()).files(), 0);
        try {
            consumer = new KafkaConsumer<>(access.consumer(), new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
            consumer.assign(List.of(partition));
            consumer.seek(partition, file.chunks().from());
        } catch (KafkaException e) {
            throw new JobsException("the topic " + partition.topic() + " cannot be read", e);
        }
    }

    /// Writes a file's bytes as chunks, and returns when the broker has all of them.
    ///
    /// @return the place of the chunks, which the file's record names
    public static StoredFile.Chunks write(JobsClient client, String id, InputStream bytes) throws IOException {
        var sent = new ArrayList<Future<RecordMetadata>>();
        int unconfirmed = 0;
        for (byte[] chunk = bytes.readNBytes(CHUNK_BYTES); chunk.length > 0; chunk = bytes.readNBytes(CHUNK_BYTES)) {
            sent.add(client.sendChunk(key(id, sent.size()), chunk));
            if (sent.size() - unconfirmed > MOST_UNCONFIRMED) {
                JobsClient.await(client.topics().files(), List.of(sent.get(unconfirmed++)));
            }
        }
        JobsClient.await(client.topics().files(), sent);
        return new StoredFile.Chunks(offset(sent.getFirst()), offset(sent.getLast()) + 1, sent.size());
    }

    private static long offset(Future<RecordMetadata> sent) {
        return sent.resultNow().offset();
    }

    static String key(String id, int chunk) {
        return id + "/" + chunk;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] to, int at, int most) throws IOException {
        Objects.checkFromIndexSize(at, most, to.length);
        if (most == 0) {
            return 0;
        }
        while (position == current.length) {
            if (chunks == file.chunks().count() && read.isEmpty()) {
                return -1;
            }
            fetch();
        }
        int count = Math.min(most, current.length - position);
        System.arraycopy(current, position, to, at, count);
        position += count;
        return count;
    }

    private void fetch() {
        if (read.isEmpty()) {
            poll();
        }
        if (!read.isEmpty()) {
            current = read.removeFirst();
            position = 0;
        }
    }

    private void poll() {
        try {
            for (var record : consumer.poll(POLL)) {
                if (record.value() != null && chunks < file.chunks().count()
                        && key(file.id(), chunks).equals(new String(record.key(), StandardCharsets.UTF_8))) {
                    read.add(record.value());
                    chunks++;
                }
            }
            if (read.isEmpty() && consumer.position(partition) >= file.chunks().to()) {
                throw JobsException.gone("the file " + file.id() + " is not on the topic " + partition.topic()
                        + " as a whole any more: its retention has deleted chunks; upload the file again");
            }
        } catch (KafkaException e) {
            throw new JobsException("the topic " + partition.topic() + " cannot be read", e);
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
