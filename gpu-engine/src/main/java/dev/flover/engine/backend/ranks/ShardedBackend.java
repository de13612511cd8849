package dev.flover.engine.backend.ranks;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.WeightFolder;
import java.util.List;
import java.util.Optional;
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
    private final String place;

    /// Ranks on one host, whose backends allocate in the host's memory.
    ///
    /// @param backends one for each rank, of equal arithmetic; they are closed with this object
    /// @param onStart  called on the thread of each rank, with the rank, before it computes anything; null for none,
    ///     and then the thread that calls [#each] computes the first rank
    public ShardedBackend(List<Backend> backends, @Nullable IntConsumer onStart) {
        this(backends, new Exchange(backends.size()), onStart);
    }

    private ShardedBackend(List<Backend> backends, Exchange exchange, @Nullable IntConsumer onStart) {
        this(backends, IntStream.range(0, backends.size())
                .<Backend>mapToObj(rank -> new RankBackend(backends.get(rank), exchange, rank, backends.size()))
                .toList(), onStart, exchange::fail, "");
    }

    private ShardedBackend(
            List<? extends Backend> backends, List<? extends Backend> ranks, @Nullable IntConsumer onStart,
            Runnable onFailure, String place) {
        this.backends = List.copyOf(backends);
        this.ranks = List.copyOf(ranks);
        this.place = place;
        if (backends.stream().map(Backend::arithmetic).distinct().count() != 1) {
            throw new IllegalArgumentException("the ranks of a model need backends of equal arithmetic, found "
                    + backends.stream().map(Backend::arithmetic).toList());
        }
        threads = new RankThreads(backends.size(), onStart, onFailure);
    }

    /// Ranks whose operations meet those of the other ranks themselves, such as on devices.
    ///
    /// @param ranks     one for each rank, of equal arithmetic; they are closed with this object
    /// @param onFailure called when a rank has failed, on its thread: lets the ranks fail that wait for it
    /// @param place     where the ranks compute, in words, for a log line
    public static ShardedBackend ofMeeting(List<? extends Backend> ranks, Runnable onFailure, String place) {
        return new ShardedBackend(ranks, ranks, null, onFailure, place);
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
        return backends.size() + " ranks" + place + ", each: " + backends.getFirst().describe();
    }

    @Override
    public int stepsAhead() {
        return ranks.getFirst().stepsAhead();
    }

    @Override
    public void cacheInBytes() {
        backends.forEach(Backend::cacheInBytes);
    }

    @Override
    public void shareHostWith(int engines) {
        backends.forEach(backend -> backend.shareHostWith(engines));
    }

    /// Each rank has a file of its own.
    @Override
    public void keepWeights(WeightFolder folder) {
        for (int rank = 0; rank < backends.size(); rank++) {
            backends.get(rank).keepWeights(folder.ofRank(rank, backends.size()));
        }
    }

    @Override
    public Optional<String> keptWeights() {
        var all = backends.stream().map(Backend::keptWeights).flatMap(Optional::stream).toList();
        return all.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", all));
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
