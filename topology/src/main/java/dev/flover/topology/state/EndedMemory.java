package dev.flover.topology.state;

import dev.flover.schemas.EndedRequest;
import dev.flover.topology.config.PipelineConfig.Remembering;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// A partition's memory of ids that are not live: ended requests, requests that other groups answer, and cancels that
/// came before their request. By it a duplicate is recognised. Entries are durable, are kept for a limited time, and
/// are bounded in number.
public final class EndedMemory {
    private static final int EVICTIONS_PER_TICK = 256;
    private static final long UNTIL_IT_ENDS = Long.MAX_VALUE;

    private final PartitionState state;
    private final Remembering limits;
    private final PriorityQueue<Due> due = new PriorityQueue<>(Comparator.comparingLong(Due::forgetAt));

    private record Due(long forgetAt, Bytes id) {}

    /// @param now time in ms on a clock that never goes back. An earlier process may have stored times of a wrong
    ///            clock; therefore no entry is kept longer than if its request had ended now
    public EndedMemory(PartitionState state, Remembering limits, long now) {
        this.state = state;
        this.limits = limits;
        state.forEachEnded((id, entry) -> {
            var limit = entry.getDigest() == null ? limits.cancelled() : limits.ended();
            long forgetAt = entry.getForgetAt() == UNTIL_IT_ENDS ? UNTIL_IT_ENDS
                    : Math.min(entry.getForgetAt(), now + limit.toMillis());
            if (forgetAt < entry.getForgetAt()) {
                state.putEnded(id, new EndedRequest(entry.getDigest(), forgetAt, entry.getResultAt(),
                        entry.getOthersSince()));
            }
            due.add(new Due(forgetAt, id));
        });
    }

    /// The entry of an id; null where the id is not remembered, or its time is over.
    public @Nullable EndedRequest find(Bytes id, long now) {
        var entry = state.ended(id);
        return entry == null || entry.getForgetAt() <= now ? null : entry;
    }

    /// Whether a request was cancelled while this instance could not compute it and left it to another one.
    public boolean isCancelled(Bytes id) {
        var entry = state.ended(id);
        return entry != null && entry.getDigest() == null && entry.getForgetAt() == UNTIL_IT_ENDS;
    }

    /// Remembers an ended request.
    ///
    /// @param digest   of the request's content
    /// @param now      time in ms
    /// @param resultAt timestamp of the result's record in ms; 0 where there is no result
    public void rememberEnded(Bytes id, ByteBuffer digest, long now, long resultAt) {
        remember(id, new EndedRequest(digest, now + limits.ended().toMillis(), resultAt, 0L));
    }

    /// Remembers a request that another group answers.
    ///
    /// @param digest of the request's content
    /// @param now    time in ms
    /// @param since  timestamp of the request's record in ms
    public void rememberOthers(Bytes id, ByteBuffer digest, long now, long since) {
        remember(id, new EndedRequest(digest, now + limits.ended().toMillis(), 0L, Math.max(0, since)));
    }

    /// The timestamp in ms of the record of a request that another group was to answer, or an earlier time; empty for a
    /// request of this group.
    public OptionalLong othersSince(Bytes id) {
        var entry = state.ended(id);
        return entry == null || entry.getDigest() == null || entry.getResultAt() > 0 ? OptionalLong.empty()
                : OptionalLong.of(entry.getOthersSince());
    }

    public boolean knows(Bytes id) {
        return state.ended(id) != null;
    }

    /// The timestamp in ms of an ended request's result, or an earlier time; 0 where it is not known.
    public long resultAt(Bytes id) {
        var entry = state.ended(id);
        return entry == null ? 0 : entry.getResultAt();
    }

    /// Forgets an id, so that it may be used again.
    public void erase(Bytes id) {
        if (state.ended(id) != null) {
            state.deleteEnded(id);
        }
    }

    public void rememberCancel(Bytes id, long now) {
        remember(id, new EndedRequest(null, now + limits.cancelled().toMillis(), 0L, 0L));
    }

    /// Remembers the cancel of a live request until the request has ended.
    public void rememberCancelOfLive(Bytes id) {
        remember(id, new EndedRequest(null, UNTIL_IT_ENDS, 0L, 0L));
    }

    private void remember(Bytes id, EndedRequest entry) {
        state.putEnded(id, entry);
        due.add(new Due(entry.getForgetAt(), id));
    }

    /// Forgets entries whose time is over, and the oldest ones above the bound; at most 256 in one call.
    public void evict(long now) {
        for (int i = 0; i < EVICTIONS_PER_TICK && !due.isEmpty(); i++) {
            var next = due.peek();
            if (next.forgetAt() > now && due.size() <= limits.entries()) {
                return;
            }
            due.remove();
            var entry = state.ended(next.id());
            if (entry != null && entry.getForgetAt() == next.forgetAt()) {      // no newer entry has replaced it
                state.deleteEnded(next.id());
            }
        }
    }

    int size() {
        return due.size();
    }
}
