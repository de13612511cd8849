package dev.flover.topology.results;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Finds results that were written before. Never waits: the stream thread calls it.
public interface StoredResults {
    /// Looks for the result of an ended request.
    ///
    /// @param writtenAt timestamp of its record, or one before it
    /// @return empty where there is none any more
    CompletableFuture<Optional<StoredResult>> find(Bytes id, long writtenAt);

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
