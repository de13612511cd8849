package dev.flover.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonRecords;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Measures many open streams, each of which gets a chunk in every transaction of a writer that takes the pipeline's
/// place.
///
/// @param fromCommit     time from the beginning of a commit until a client has read the event
/// @param bytesPerStream growth of the heap after a garbage collection, for each open stream
record ManyStreams(int streams, Times fromCommit, double bytesPerStream) {
    static ManyStreams measure(String url, String broker, String topic, int partitions, int streams, int rounds)
            throws Exception {
        try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", broker,
                "transactional.id", "http-bench-writer", "linger.ms", 0), new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.initTransactions();
            round(producer, topic, partitions, streams, 0, false);
            long before = heapBytes();
            var readers = readers(url, streams, rounds);
            try (var said = new BufferedReader(new InputStreamReader(readers.getInputStream(), UTF_8))) {
                require("open", said.readLine());
                double bytes = (double) (heapBytes() - before) / streams;
                var committed = new long[rounds];
                for (int position = 1; position <= rounds; position++) {
                    committed[position - 1] =
                            round(producer, topic, partitions, streams, position, position == rounds);
                    require("round", said.readLine());      // all clients have read it
                }
                String[] words = said.readLine().split(" ");
                var nanos = new long[words.length];
                for (int i = 0; i < nanos.length; i++) {
                    nanos[i] = Long.parseLong(words[i]) - committed[i % rounds];
                }
                return new ManyStreams(streams, Times.ofNanos(nanos), bytes);
            } finally {
                readers.destroyForcibly();
            }
        }
    }

    private static void require(String expected, String found) {
        if (!expected.equals(found)) {
            throw new IllegalStateException("expected the readers to say " + expected + ", found " + found);
        }
    }

    private static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static Process readers(String url, int streams, int rounds) throws Exception {
        return new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m", "-cp", System.getProperty("java.class.path"), StreamReaders.class.getName(), url,
                Integer.toString(streams), Integer.toString(rounds)))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    static String id(int stream) {
        return "stream-" + stream;
    }

    /// Writes one transaction with a chunk of each stream.
    ///
    /// @return when its commit began, by [System#nanoTime]
    private static long round(KafkaProducer<byte[], byte[]> producer, String topic, int partitions, int streams,
            int position, boolean last) {
        producer.beginTransaction();
        for (int stream = 0; stream < streams; stream++) {
            byte[] key = id(stream).getBytes(UTF_8);
            var chunk = TokenChunk.newBuilder().setRequestId(id(stream)).setPosition(position)
                    .setTokenIds(List.of(position)).setText(" word").setTerminal(last).build();
            producer.send(new ProducerRecord<>(topic, BuiltInPartitioner.partitionForKey(key, partitions), key,
                    JsonRecords.write(chunk)));
        }
        producer.flush();
        long commit = System.nanoTime();
        producer.commitTransaction();
        return commit;
    }
}
