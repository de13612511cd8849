package dev.flover.topology.generation;

import dev.flover.schemas.GenerationResult;
import dev.flover.topology.results.StoredResult;
import dev.flover.topology.results.StoredResults;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Record;

/// Finds results among the committed records.
final class SimulatedResults implements StoredResults {
    private final Supplier<List<Record<?, ?>>> written;
    private final BooleanSupplier answers;
    private final Predicate<Bytes> owed;

    /// @param answers whether searches complete; false simulates a broker that does not answer
    SimulatedResults(Supplier<List<Record<?, ?>>> written, BooleanSupplier answers,
            Predicate<Bytes> owed) {
        this.written = written;
        this.answers = answers;
        this.owed = owed;
    }

    @Override
    public CompletableFuture<Found> find(Bytes id, long writtenAt) {
        return outcome(records().stream().filter(record -> Bytes.wrap((byte[]) record.key()).equals(id)
                && record.timestamp() >= writtenAt).findFirst())
                .thenApply(found -> found.<Found>map(Found.Written::new).orElseGet(Found.Nothing::new));
    }

    @Override
    public CompletableFuture<Found> findOrOwed(Bytes id, long writtenAt, int partition, Map<String, Long> groups) {
        return find(id, writtenAt).thenApply(found ->
                found instanceof Found.Nothing && !groups.isEmpty() && owed.test(id) ? new Found.Owed() : found);
    }

    @Override
    public boolean mayAnswer(ByteBuffer content) {
        return source(content).isPresent();
    }

    @Override
    public CompletableFuture<Optional<StoredResult>> findAnswer(ByteBuffer content) {
        return outcome(source(content));
    }

    private CompletableFuture<Optional<StoredResult>> outcome(Optional<Record<?, ?>> found) {
        if (!answers.getAsBoolean()) {
            return new CompletableFuture<>();
        }
        return CompletableFuture.completedFuture(found.map(record -> {
            byte[] bytes = record.value() instanceof GenerationResult result
                    ? SimulatedProcess.binary(result, result.getSchema())
                    : (byte[]) record.value();
            return new StoredResult(bytes, new RecordHeaders(record.headers()), decoded(bytes));
        }));
    }

    private static GenerationResult decoded(byte[] bytes) {
        try {
            return new SpecificDatumReader<>(GenerationResult.class)
                    .read(null, DecoderFactory.get().binaryDecoder(bytes, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Record<?, ?>> source(ByteBuffer content) {
        return records().stream().filter(record -> {
            var header = record.headers().lastHeader(StoredResult.CONTENT);
            return header != null && ByteBuffer.wrap(header.value()).equals(content);
        }).findFirst();
    }

    /// The committed results, without those of a key before the newest null value under that key, which orders to
    /// forget them.
    private List<Record<?, ?>> records() {
        var kept = new ArrayList<Record<?, ?>>();
        for (var record : written.get()) {
            if (record.value() == null) {
                kept.removeIf(before -> Bytes.wrap((byte[]) before.key()).equals(Bytes.wrap((byte[]) record.key())));
            } else {
                kept.add(record);
            }
        }
        return kept;
    }

    @Override
    public void forget(Bytes id) {}
}
