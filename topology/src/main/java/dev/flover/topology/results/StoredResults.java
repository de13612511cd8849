package dev.flover.topology.results;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Finds results that were written before. No method waits, because the stream thread calls them.
public interface StoredResults {
    /// The outcome of a search for a request's result.
    sealed interface Found {
        record Written(StoredResult result) implements Found {}

        /// Another group is to answer the request and has not done so yet.
        record Owed() implements Found {}

        /// There is no result, or it no longer exists.
        record Nothing() implements Found {}
    }

    /// Searches for the result of an ended request.
    ///
    /// @param writtenAt timestamp of the result in ms, or an earlier time
    /// @return completed with the result, or empty where it no longer exists
    CompletableFuture<Found> find(Bytes id, long writtenAt);

    /// Searches for the result of a request that another group was to answer.
    ///
    /// @param writtenAt timestamp of the request's record in ms, or an earlier time
    /// @param partition the request's partition
    /// @param groups    the groups that may have it still to answer, each with the offset of the partition up to which
    ///                  requests are its own
    CompletableFuture<Found> findOrOwed(Bytes id, long writtenAt, int partition, Map<String, Long> groups);

    /// Whether an equal request has probably been answered before, so that [#findAnswer] is worth calling.
    ///
    /// @param content the digest of the request's content
    boolean mayAnswer(ByteBuffer content);

    /// Searches for the stored answer to an equal request.
    ///
    /// @param content the digest of the request's content
    /// @return completed with the answer, or empty where it no longer exists
    CompletableFuture<Optional<StoredResult>> findAnswer(ByteBuffer content);

    /// Forbids that the answer of this request is given to equal requests.
    void forget(Bytes id);
}
