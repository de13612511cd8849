package dev.flover.topology.generation;

import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.results.StoredResult;
import dev.flover.topology.results.StoredResults.Found;
import dev.flover.topology.state.EndedMemory;
import dev.flover.topology.state.PartitionState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Requests of one partition that were sent again after their end.
///
/// ```
///   arrive / restore -> [stored, committed] -> result is looked for -> found: said again
///                                                        |
///                                                        ├──────────-> gone: computed anew
///                                                        └──────────-> another group's to answer: absorbed
/// ```
///
/// A request that another group was to answer, before this one did for its model, gets the answer of that group: the
/// result, or what its sender reads when that group answers.
///
/// A request that is only read again, because its group's offsets were set back, is looked for in the same way, and
/// a result that is found is not written again.
///
/// The same request once more is absorbed meanwhile. Bounded: beyond it the partition is held.
final class Repeats {
    private static final int MOST = 256;
    /// Of who writes requests and who answers them.
    private static final long CLOCKS_DIFFER_MS = 600_000;

    private final ProcessParts parts;
    private final PartitionState state;
    private final EndedMemory ended;
    private final Output output;
    private final int partition;
    private final Map<Bytes, Repeat> pending = new LinkedHashMap<>();

    /// One that waits for its result.
    private static final class Repeat {
        final StoredRequest stored;
        final ReadRequest read;
        final long resultAt;
        /// Count of commits before it was stored: its result may be in the transaction that is under way.
        final long storedAt;
        /// Whether it was only read again, and not sent again.
        final boolean recalled;
        /// Whether another group was to answer.
        final boolean others;
        CompletableFuture<Found> search;

        Repeat(StoredRequest stored, ReadRequest read, long resultAt, long storedAt, boolean recalled, boolean others) {
            this.stored = stored;
            this.read = read;
            this.resultAt = resultAt;
            this.storedAt = storedAt;
            this.recalled = recalled;
            this.others = others;
        }
    }

    /// One whose result is gone.
    record Gone(Bytes id, StoredRequest stored, ReadRequest read) {}

    Repeats(ProcessParts parts, PartitionState state, EndedMemory ended, Output output, int partition) {
        this.parts = parts;
        this.state = state;
        this.ended = ended;
        this.output = output;
        this.partition = partition;
    }

    /// @param stored without the ids of its prompt
    void arrive(Bytes id, StoredRequest stored, ReadRequest read) {
        state.putRequest(id, stored, read);
        pending.put(id, asked(id, stored, read, parts.commits().count()));
    }

    /// @param stored without the ids of its prompt
    void recall(Bytes id, StoredRequest stored, ReadRequest read) {
        state.putRequest(id, stored, read);
        pending.put(id, new Repeat(stored, read, earliestResult(stored), parts.commits().count(), true, false));
    }

    private Repeat asked(Bytes id, StoredRequest stored, ReadRequest read, long storedAt) {
        var since = ended.othersSince(id);
        return since.isPresent()
                ? new Repeat(stored, read, Math.max(0, since.getAsLong() - CLOCKS_DIFFER_MS), storedAt, false, true)
                : new Repeat(stored, read, ended.resultAt(id), storedAt, false, false);
    }

    private static long earliestResult(StoredRequest stored) {
        return Math.max(0, stored.getRequestedAt() - CLOCKS_DIFFER_MS);
    }

    /// Of an id that was sent again it is remembered that it had ended.
    void restore(Bytes id, StoredRequest stored) {
        if (ended.knows(id)) {
            pending.put(id, asked(id, stored, state.said(id), -1));
        } else {
            pending.put(id, new Repeat(stored, state.said(id), earliestResult(stored), -1, true, false));
        }
    }

    boolean has(Bytes id) {
        return pending.containsKey(id);
    }

    boolean isFull() {
        return pending.size() >= MOST;
    }

    /// Its stored result is not to be written again.
    void forget(Bytes id) {
        var repeat = pending.get(id);
        if (repeat != null && repeat.recalled) {
            pending.remove(id);
            state.forget(id);
        } else if (repeat != null) {
            repeat.search = CompletableFuture.completedFuture(new Found.Nothing());
        }
    }

    /// Writes the results that were found once more.
    ///
    /// @return those that have to be computed anew; they are no longer pending
    List<Gone> tick(long now) {
        if (pending.isEmpty()) {
            return List.of();
        }
        for (var entry : pending.entrySet()) {
            var repeat = entry.getValue();
            if (repeat.search == null && repeat.storedAt < parts.commits().count()) {
                repeat.search = search(entry.getKey(), repeat);
            }
        }
        var done = pending.entrySet().stream()
                .filter(entry -> isDone(entry.getValue())).map(Map.Entry::getKey).toList();
        var gone = new ArrayList<Gone>();
        for (var id : done) {
            var repeat = pending.remove(id);
            switch (repeat.search.join()) {
                case Found.Written(StoredResult result) -> say(id, repeat, result, now);
                case Found.Owed owed -> {
                    state.forget(id);
                    parts.metrics().duplicate();
                }
                case Found.Nothing nothing -> gone.add(new Gone(id, repeat.recalled
                        ? StoredRequest.newBuilder(repeat.stored).setRepeat(false).build()
                        : repeat.stored, repeat.read));
            }
        }
        return gone;
    }

    private CompletableFuture<Found> search(Bytes id, Repeat repeat) {
        return repeat.others
                ? parts.results().findOrOwed(id, repeat.resultAt, partition,
                        parts.models().answeredBefore(partition, repeat.stored.getRequest().getModel()))
                : parts.results().find(id, repeat.resultAt);
    }

    private static boolean isDone(Repeat repeat) {
        return repeat.search != null && repeat.search.isDone();
    }

    private void say(Bytes id, Repeat repeat, StoredResult result, long now) {
        long writtenAt = repeat.recalled ? repeat.resultAt
                : output.repeat(id, result, repeat.stored.getTraceparent());
        state.forget(id);
        ended.rememberEnded(id, repeat.stored.getDigest(), now, writtenAt);
        if (repeat.recalled) {
            parts.metrics().duplicate();
        } else {
            parts.metrics().repeated();
        }
    }
}
