package dev.flover.topology.generation;

import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.results.StoredResult;
import dev.flover.topology.results.StoredResults.Found;
import dev.flover.topology.state.EndedMemory;
import dev.flover.topology.state.PartitionState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// The requests of one partition that were sent again after their end, and whose stored result is being searched for.
///
/// ```
///   arrive / restore -> [stored, committed] -> result is searched for -> found: written again
///                                                        |
///                                                        ├──────────-> gone: computed anew
///                                                        └──────────-> another group's to answer: absorbed
/// ```
///
/// A repeat of a request that another group was to answer, before this group answered for its model, gets the answer of
/// that group: its result if there is one, or else the records that the other group will write when it answers.
///
/// For a request that is only read again, because its group's offsets were set back, the result is searched for in the
/// same way, but is not written again when it is found.
///
/// While a request is in here, further repeats of it are absorbed. The number of requests is bounded; at the bound the
/// partition is held back.
final class Repeats {
    private static final int MOST = 256;
    /// The largest difference in ms, either way, between the clocks of the processes that write requests and of those
    /// that answer them.
    private static final long CLOCKS_DIFFER_MS = 600_000;

    private final ProcessParts parts;
    private final PartitionState state;
    private final EndedMemory ended;
    private final Output output;
    private final int partition;
    private final Map<Bytes, Repeat> pending = new LinkedHashMap<>();

    /// A request whose result is being searched for.
    private static final class Repeat {
        final StoredRequest stored;
        final ReadRequest read;
        final long resultAt;
        /// The number of commits before the request was stored; -1 if it was restored. The search waits for the next
        /// commit, because the result may be in the transaction that is in progress.
        final long storedAt;
        /// Whether the request was only read again, and not sent again.
        final boolean recalled;
        /// Whether another group was to answer the request.
        final boolean others;
        @Nullable CompletableFuture<Found> search;
        /// When the search ended, ms; -1 before.
        long foundAt = -1;

        Repeat(StoredRequest stored, ReadRequest read, long resultAt, long storedAt, boolean recalled, boolean others) {
            this.stored = stored;
            this.read = read;
            this.resultAt = resultAt;
            this.storedAt = storedAt;
            this.recalled = recalled;
            this.others = others;
        }
    }

    /// A request whose result no longer exists.
    record Gone(Bytes id, StoredRequest stored, ReadRequest read) {}

    Repeats(ProcessParts parts, PartitionState state, EndedMemory ended, Output output, int partition) {
        this.parts = parts;
        this.state = state;
        this.ended = ended;
        this.output = output;
        this.partition = partition;
    }

    /// Takes in an ended request that was sent again.
    ///
    /// @param stored without the token ids of its prompt
    void arrive(Bytes id, StoredRequest stored, ReadRequest read) {
        state.putRequest(id, stored, read);
        pending.put(id, asked(id, stored, read, parts.commits().count()));
    }

    /// Takes in a request that is read again after the group's offsets were set back.
    ///
    /// @param stored without the token ids of its prompt
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

    /// Restores a request from the state. Only a request that was sent again, rather than read again, has an id that is
    /// remembered as ended.
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

    /// Forbids that the stored result of an id is written again.
    void forget(Bytes id) {
        var repeat = pending.get(id);
        if (repeat != null && repeat.recalled) {
            pending.remove(id);
            state.forget(id);
        } else if (repeat != null) {
            repeat.search = CompletableFuture.completedFuture(new Found.Nothing());
        }
    }

    /// Writes the results that were found.
    ///
    /// @return the requests that have to be computed anew; they are no longer in here
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
                .filter(entry -> isDone(entry.getValue(), now)).map(Map.Entry::getKey).toList();
        var gone = new ArrayList<Gone>();
        for (var id : done) {
            var repeat = Objects.requireNonNull(pending.remove(id));
            switch (Objects.requireNonNull(repeat.search).join()) {
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

    /// Whether the search has ended, and the result can be written to the topics that the repeat names.
    private boolean isDone(Repeat repeat, long now) {
        if (repeat.search == null || !repeat.search.isDone()) {
            return false;
        }
        if (repeat.foundAt < 0) {
            repeat.foundAt = now;
        }
        return repeat.recalled || !output.replies().mustWait(repeat.stored, repeat.foundAt, now);
    }

    private void say(Bytes id, Repeat repeat, StoredResult result, long now) {
        long writtenAt = repeat.recalled ? repeat.resultAt
                : output.repeat(id, result, repeat.stored);
        state.forget(id);
        ended.rememberEnded(id, repeat.stored.getDigest(), now, writtenAt);
        if (repeat.recalled) {
            parts.metrics().duplicate();
        } else {
            parts.metrics().repeated();
        }
    }

    /// Decides whether a request whose result no longer exists can be computed again.
    RequestCheck.Verdict verdict(StoredRequest stored) {
        if (stored.getRefusal() != null) {
            return new RequestCheck.Verdict.Rejected(RequestFault.invalid(null, stored.getRefusal()));
        }
        if (stored.getRequest().getSchemaSubject() != null) {
            return new RequestCheck.Verdict.Rejected(RequestFault.invalid("id", "the answer's record no longer exists, "
                    + "nor the schema that it had to fit; send the request under a new id"));
        }
        return parts.check().check(stored.getRequest().getId(), stored.getRequest());
    }
}
