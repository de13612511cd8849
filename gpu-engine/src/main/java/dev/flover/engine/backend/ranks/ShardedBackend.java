package dev.flover.engine.backend.ranks;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendGroup;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Several ranks that divide a model among themselves, each with its own backend, memory and thread.
///
/// A rank that fails makes the others fail too, at the next point where they would wait for it; afterwards the group
/// can only be closed.
public final class ShardedBackend implements BackendGroup {
    private final List<Backend> backends;
    private final List<Backend> ranks;
    private final RankThreads threads;

    /// Ranks on one host, whose backends allocate in the host's memory.
    ///
    /// @param backends one for each rank, of equal arithmetic; they are closed with this object
    /// @param onStart  called on the thread of each rank, with the rank, before it computes anything; null for none,
    ///     and then the thread that calls [#each] computes the first rank
    public ShardedBackend(List<Backend> backends, @Nullable IntConsumer onStart) {
        this.backends = List.copyOf(backends);
        if (backends.stream().map(Backend::arithmetic).distinct().count() != 1) {
            throw new IllegalArgumentException("the ranks of a model need backends of equal arithmetic, found "
                    + backends.stream().map(Backend::arithmetic).toList());
        }
        var exchange = new Exchange(backends.size());
        ranks = IntStream.range(0, backends.size())
                .<Backend>mapToObj(rank -> new RankBackend(backends.get(rank), exchange, rank, backends.size()))
                .toList();
        threads = new RankThreads(backends.size(), onStart, exchange::fail);
    }

    @Override
    public String name() {
        return backends.getFirst().name();
    }

    @Override
    public String arithmetic() {
        return backends.getFirst().arithmetic();
    }

    @Override
    public String describe() {
        return backends.size() + " ranks, each: " + backends.getFirst().describe();
    }

    @Override
    public void cacheInBytes() {
        backends.forEach(Backend::cacheInBytes);
    }

    @Override
    public void shareHostWith(int engines) {
        backends.forEach(backend -> backend.shareHostWith(engines));
    }

    /// The backend of each rank.
    public List<Backend> ranks() {
        return ranks;
    }

    /// Runs a task for every rank at once; returns when all have ended.
    ///
    /// @throws dev.flover.engine.api.EngineException if a rank failed, with its failure as the cause
    public void each(IntConsumer task) {
        threads.each(task);
    }

    @Override
    public void close() {
        threads.close();
        backends.forEach(Backend::close);
    }
}
