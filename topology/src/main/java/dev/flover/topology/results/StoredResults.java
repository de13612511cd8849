package dev.flover.topology.results;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Finds results that were written before. Never waits: the stream thread calls it.
public interface StoredResults {
    /// The outcome of a search for a request's result.
    sealed interface Found {
        record Written(StoredResult result) implements Found {}

        /// Another group has not answered the request yet, and is to.
        record Owed() implements Found {}

        /// There is no result, or none any more.
        record Nothing() implements Found {}
    }

    /// Looks for the result of an ended request.
    ///
    /// @param writtenAt timestamp of its record, or one before it
    CompletableFuture<Found> find(Bytes id, long writtenAt);

    /// Looks for the result of a request that another group was to answer.
    ///
    /// @param writtenAt timestamp of its record, or one before it
    /// @param partition of the request
    /// @param groups    that may have it still to answer, each with the offset up to which requests are its own
    CompletableFuture<Found> findOrOwed(Bytes id, long writtenAt, int partition, Map<String, Long> groups);

    /// Whether an equal request has probably been answered.
    ///
    /// @param content key of all that decides the answer
    boolean mayAnswer(ByteBuffer content);

    /// Looks for the answer to an equal request.
    ///
    /// @return empty where there is none any more
    CompletableFuture<Optional<StoredResult>> findAnswer(ByteBuffer content);

    /// The answer to this request is not to be given again.
    void forget(Bytes id);
}
