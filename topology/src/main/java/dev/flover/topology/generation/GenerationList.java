package dev.flover.topology.generation;

import dev.flover.topology.waiting.Ticket;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/// The generations of a process as readers on other threads see them: without texts, about a second old.
///
/// ```
///   reader: rows() ── asks ──► stream thread: each partition copies its rows, once a second while somebody asks
///          ◄──────── the copies of all partitions
/// ```
///
/// While nobody asks, the stream thread reads one volatile field a tick. It never waits for a reader.
public final class GenerationList {
    /// The most waiting requests of a partition that are listed; the others are only counted, by the metrics.
    static final int MOST_WAITING = 1000;

    private static final long EVERY_NANOS = 1_000_000_000;
    private static final long LOOK_NANOS = 10_000_000;
    private static final long ASKED_FOR_NANOS = 3 * EVERY_NANOS;
    private static final long PATIENCE_NANOS = 2 * EVERY_NANOS;
    private static final long NEVER = Long.MIN_VALUE;

    private final LongSupplier clock;
    private final Map<Integer, Copy> copies = new ConcurrentHashMap<>();
    private volatile long askedAt = NEVER;

    private record Copy(List<Row> rows, long takenAt) {}

    /// Whether a generation is being computed.
    public enum State {
        WAITING,
        LIVE
    }

    /// One generation.
    ///
    /// @param promptTokens the length of the prompt
    /// @param tokens       the number of tokens that were sent, of all its answers together; 0 while it waits
    /// @param maxTokens    the most tokens of its answers together; 0 while it waits
    /// @param readAt       the time of reading its request, in ms since 1970
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false,
            prefixEnclosingClassNames = false)
    public record Row(
            String id, String tenant, State state, int partition, int promptTokens, int tokens, int maxTokens,
            long readAt) {}

    /// @param clock a monotonic clock in nanoseconds
    public GenerationList(LongSupplier clock) {
        this.clock = clock;
    }

    /// Whether a partition should publish its generations now. Called by the stream thread in every tick.
    boolean isDue(int partition) {
        long asked = askedAt;
        if (asked == NEVER) {
            return false;
        }
        long now = clock.getAsLong();
        if (now - asked > ASKED_FOR_NANOS) {
            return false;
        }
        var last = copies.get(partition);
        return last == null || now - last.takenAt() >= EVERY_NANOS;
    }

    /// Replaces the published generations of a partition. Called by the stream thread.
    void publish(int partition, Collection<LiveGeneration> live, Collection<Ticket> waiting) {
        var rows = new ArrayList<Row>(live.size() + Math.min(waiting.size(), MOST_WAITING));
        for (var generation : live) {
            int sent = 0;
            for (var answer : generation.answers) {
                sent += answer.sent();
            }
            var ticket = generation.ticket;
            rows.add(RowBuilder.builder().id(ticket.id).tenant(ticket.tenant).state(State.LIVE).partition(partition)
                    .promptTokens(generation.promptIds.length).tokens(sent)
                    .maxTokens(generation.answers.length * generation.plan.maxTokens()).readAt(ticket.readAt).build());
        }
        int listed = 0;
        for (var ticket : waiting) {
            if (listed++ == MOST_WAITING) {
                break;
            }
            rows.add(RowBuilder.builder().id(ticket.id).tenant(ticket.tenant).state(State.WAITING)
                    .partition(partition).promptTokens(ticket.promptTokens).tokens(0).maxTokens(0)
                    .readAt(ticket.readAt).build());
        }
        copies.put(partition, new Copy(List.copyOf(rows), clock.getAsLong()));
    }

    /// Forgets a partition that was assigned to another process. Called by the stream thread.
    void forget(int partition) {
        copies.remove(partition);
    }

    /// Asks for the generations, and waits up to two seconds for partitions that have not published any since. Never
    /// called by the stream thread.
    ///
    /// @return the live ones first, then the oldest first
    public List<Row> rows() {
        long begin = ask();
        while (!isFresh(begin) && clock.getAsLong() - begin < PATIENCE_NANOS) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return published();
    }

    /// Asks for the generations, and returns those that were published last. Never waits.
    public List<Row> latest() {
        ask();
        return published();
    }

    /// Asks the stream thread to publish, without waiting for it.
    ///
    /// @return the present time on this object's clock, in ns
    long ask() {
        askedAt = clock.getAsLong();
        return askedAt;
    }

    /// The rows that were published last.
    List<Row> published() {
        var rows = new ArrayList<Row>();
        copies.values().forEach(copy -> rows.addAll(copy.rows()));
        rows.sort(Comparator.comparing(Row::state).reversed().thenComparingLong(Row::readAt)
                .thenComparing(Row::id));
        return rows;
    }

    /// Whether all copies were taken at most a second before a reader asked, and there is one.
    private boolean isFresh(long begin) {
        return !copies.isEmpty()
                && copies.values().stream().allMatch(copy -> copy.takenAt() - begin > -EVERY_NANOS);
    }
}
