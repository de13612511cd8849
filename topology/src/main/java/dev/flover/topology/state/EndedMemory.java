package dev.flover.topology.state;

import dev.flover.schemas.EndedRequest;
import dev.flover.topology.config.PipelineConfig.Remembering;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.apache.kafka.common.utils.Bytes;

/// The memory of a partition's ids that are not live, kept for a time: ended requests, requests that other groups
/// answer, and cancels that came before their request. Durable; bounded in entries.
public final class EndedMemory {
    private static final int EVICTIONS_PER_TICK = 256;
    private static final long UNTIL_IT_ENDS = Long.MAX_VALUE;

    private final PartitionState state;
    private final Remembering limits;
    private final PriorityQueue<Due> due = new PriorityQueue<>(Comparator.comparingLong(Due::forgetAt));

    private record Due(long forgetAt, Bytes id) {}

    /// @param now on a clock that never goes back. An earlier process may have stored times of a clock that was wrong:
    ///            no entry is kept longer than if its request had ended now
    public EndedMemory(PartitionState state, Remembering limits, long now) {
        this.state = state;
        this.limits = limits;
        state.forEachEnded((id, entry) -> {
            var limit = entry.getDigest() == null ? limits.cancelled() : limits.ended();
            long forgetAt = entry.getForgetAt() == UNTIL_IT_ENDS ? UNTIL_IT_ENDS
                    : Math.min(entry.getForgetAt(), now + limit.toMillis());
            if (forgetAt < entry.getForgetAt()) {
                state.putEnded(id, new EndedRequest(entry.getDigest(), forgetAt, entry.getResultAt()));
            }
            due.add(new Due(forgetAt, id));
        });
    }

    /// Null where the id is not remembered, or its time is over.
    public EndedRequest find(Bytes id, long now) {
        var entry = state.ended(id);
        return entry == null || entry.getForgetAt() <= now ? null : entry;
    }

    /// Whether a request was cancelled while it was left to another instance.
    public boolean isCancelled(Bytes id) {
        var entry = state.ended(id);
        return entry != null && entry.getDigest() == null && entry.getForgetAt() == UNTIL_IT_ENDS;
    }

    /// @param resultAt timestamp of the result's record; 0 where there is none
    public void rememberEnded(Bytes id, ByteBuffer digest, long now, long resultAt) {
        remember(id, digest, now + limits.ended().toMillis(), resultAt);
    }

    public boolean knows(Bytes id) {
        return state.ended(id) != null;
    }

    /// Timestamp of the record of an ended request's result, or one before it.
    public long resultAt(Bytes id) {
        var entry = state.ended(id);
        return entry == null ? 0 : entry.getResultAt();
    }

    /// Forgets the id: it may be used again.
    public void erase(Bytes id) {
        if (state.ended(id) != null) {
            state.deleteEnded(id);
        }
    }

    public void rememberCancel(Bytes id, long now) {
        remember(id, null, now + limits.cancelled().toMillis(), 0);
    }

    /// Until the request has ended.
    public void rememberCancelOfLive(Bytes id) {
        remember(id, null, UNTIL_IT_ENDS, 0);
    }

    private void remember(Bytes id, ByteBuffer digest, long forgetAt, long resultAt) {
        state.putEnded(id, new EndedRequest(digest, forgetAt, resultAt));
        due.add(new Due(forgetAt, id));
    }

    /// Forgets entries whose time is over, a bounded number a call.
    public void evict(long now) {
        for (int i = 0; i < EVICTIONS_PER_TICK && !due.isEmpty(); i++) {
            var next = due.peek();
            if (next.forgetAt() > now && due.size() <= limits.entries()) {
                return;
            }
            due.remove();
            var entry = state.ended(next.id());
            if (entry != null && entry.getForgetAt() == next.forgetAt()) {      // not remembered anew since
                state.deleteEnded(next.id());
            }
        }
    }

    int size() {
        return due.size();
    }
}
