package dev.flover.topology.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.EndedRequest;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.schemas.serdes.TrustedRecords;
import dev.flover.topology.config.PipelineConfig.Remembering;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;

/// A benchmark of the memory of ended ids: bytes of an id in the changelog and in memory, and the time from the
/// changelog's records to a partition that knows the ids. For comparison it also measures the first stored form, which
/// had a digest but no place of the result, read by the code of that time.
///
/// ```
/// java -Xmx3g -cp ... dev.flover.topology.state.EndedIdsBenchmark 1000000
/// ```
final class EndedIdsBenchmark {
    private static final int ROUNDS = 5;
    private static final long NOW = 1_800_000_000_000L;

    /// The measured figures of one stored form.
    ///
    /// @param storedBytes bytes of an id's key and value in the changelog
    /// @param heapBytes   bytes of memory for an id, with everything that a partition keeps of it
    /// @param millis      time of the fastest round
    record Figures(double storedBytes, double heapBytes, double millis) {}

    /// Rebuilds a partition's memory of ended ids from its store.
    private interface Rebuilding {
        /// @return the objects that stay in memory
        Object rebuild(MockProcessorContext<byte[], Object> context);
    }

    public static void main(String[] arguments) {
        int ids = Integer.parseInt(arguments[0]);
        var first = measure(first(ids), EndedIdsBenchmark::asTheFirstFormWas);
        var now = measure(today(ids), EndedIdsBenchmark::asItIsNow);
        print("first form", first);
        print("with place of the result", now);
        System.out.printf(Locale.ROOT, "recovery: %.2f times that of the first form%n", now.millis() / first.millis());
    }

    private static void print(String form, Figures figures) {
        System.out.printf(Locale.ROOT, "%-26s %5.1f bytes stored, %5.1f bytes of heap an id, %7.0f ms until known%n",
                form, figures.storedBytes(), figures.heapBytes(), figures.millis());
    }

    private static TreeMap<Bytes, byte[]> today(int ids) {
        var form = StoredForm.of(EndedRequest.class);
        var entries = new TreeMap<Bytes, byte[]>();
        for (int i = 0; i < ids; i++) {
            entries.put(id(i), form.encode(new EndedRequest(digest(i), NOW + 1_000 + i, NOW - ids + i, 0L)));
        }
        return entries;
    }

    private static TreeMap<Bytes, byte[]> first(int ids) {
        var schema = firstSchema();
        var entries = new TreeMap<Bytes, byte[]>();
        for (int i = 0; i < ids; i++) {
            var record = new GenericData.Record(schema);
            record.put("digest", digest(i));
            record.put("forget_at", NOW + 1_000 + i);
            var bytes = new ByteArrayOutputStream();
            bytes.write(1);
            try {
                new GenericDatumWriter<GenericRecord>(schema)
                        .write(record, EncoderFactory.get().directBinaryEncoder(bytes, null));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            entries.put(id(i), bytes.toByteArray());
        }
        return entries;
    }

    private static Schema firstSchema() {
        TrustedRecords.trust();
        try (var text = EndedRequest.class.getResourceAsStream("stored/1/EndedRequest.avsc")) {
            return new Schema.Parser().parse(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Bytes id(int number) {
        return Bytes.wrap(new UUID(number * 0x9E3779B97F4A7C15L, number).toString().getBytes(StandardCharsets.UTF_8));
    }

    private static ByteBuffer digest(int number) {
        return ByteBuffer.allocate(16).putLong(number * 0x9E3779B97F4A7C15L).putLong(number).flip();
    }

    private static Figures measure(TreeMap<Bytes, byte[]> entries, Rebuilding rebuilding) {
        long stored = entries.entrySet().stream()
                .mapToLong(entry -> entry.getKey().get().length + entry.getValue().length).sum();
        double millis = Double.MAX_VALUE;
        double heap = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long before = used();
            long begin = System.nanoTime();
            var context = restored(entries);
            var kept = rebuilding.rebuild(context);
            millis = Math.min(millis, (System.nanoTime() - begin) / 1e6);
            heap = (double) (used() - before) / entries.size();
            Reference.reachabilityFence(kept);
            Reference.reachabilityFence(context);
        }
        // The store holds the key and value arrays of `entries` themselves, so their memory is added.
        return new Figures((double) stored / entries.size(), heap + arrays(entries), millis);
    }

    /// The memory of an id's key and value in bytes: two byte arrays, and a `Bytes` around one of them.
    private static double arrays(TreeMap<Bytes, byte[]> entries) {
        var any = entries.firstEntry();
        return aligned(16 + any.getKey().get().length) + 24 + aligned(16 + any.getValue().length);
    }

    private static int aligned(int bytes) {
        return (bytes + 7) / 8 * 8;
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static MockProcessorContext<byte[], Object> restored(TreeMap<Bytes, byte[]> entries) {
        var context = new MockProcessorContext<byte[], Object>(new Properties(), new TaskId(0, 0), new File("unused"));
        for (String name : new String[] {StoreNames.REQUESTS, StoreNames.PROGRESS,
            StoreNames.ATTEMPTS, StoreNames.ENDED, StoreNames.PARKED}) {
            KeyValueStore<Bytes, byte[]> store = Stores.inMemoryKeyValueStore(name).get();
            store.init(context.getStateStoreContext(), store);
            context.addStateStore(store);
            if (name.equals(StoreNames.ENDED)) {
                entries.forEach(store::put);
            }
        }
        return context;
    }

    private static Object asItIsNow(MockProcessorContext<byte[], Object> context) {
        var limits = new Remembering(Duration.ofDays(365), Duration.ofDays(365), Integer.MAX_VALUE, 0);
        return new EndedMemory(new PartitionState(context, RequestContract.ofThisRelease()), limits, NOW);
    }

    private static Object asTheFirstFormWas(MockProcessorContext<byte[], Object> context) {
        record Due(long forgetAt, Bytes id) {}
        var reader = new GenericDatumReader<GenericRecord>(firstSchema());
        var read = new HashMap<Bytes, GenericRecord>();
        KeyValueStore<Bytes, byte[]> store = context.getStateStore(StoreNames.ENDED);
        try (var all = store.all()) {
            while (all.hasNext()) {
                var entry = all.next();
                read.put(entry.key, reader.read(null,
                        DecoderFactory.get().binaryDecoder(entry.value, 1, entry.value.length - 1, null)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var due = new PriorityQueue<>(Comparator.comparingLong(Due::forgetAt));
        read.forEach((id, entry) -> due.add(new Due((Long) entry.get("forget_at"), id)));
        return due;
    }

    /// A small run in the test suite, so that the benchmark keeps working.
    @Test
    void aSmallRunKnowsItsIdsInLessThanAHundredBytesEach() {
        var figures = measure(today(2_000), EndedIdsBenchmark::asItIsNow);
        assertThat(figures.storedBytes()).isBetween(60.0, 100.0);
        assertThat(measure(first(2_000), EndedIdsBenchmark::asTheFirstFormWas).storedBytes())
                .isLessThan(figures.storedBytes());
    }
}
