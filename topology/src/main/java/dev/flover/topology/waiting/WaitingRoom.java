package dev.flover.topology.waiting;

import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import java.util.LinkedHashSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The requests of all partitions of a stream thread that wait for its engine, and the order of their turns.
///
/// Suspects go first, one at a time; then generations that had begun before a restart; then the other requests, in fair
/// shares among tenants; then batch requests, begun ones before new ones. Where all slots are taken and a request that
/// is not batch waits, the batch request that began last is asked to give up its slot. A request whose turn has begun
/// is *outstanding* until it is passed to the engine. Its turn ends when the request has ended or its partition has
/// been taken away.
///
/// The waiting room holds no content of requests, only what their order depends on. It is used by its
/// stream thread alone.
public final class WaitingRoom {
    private final WaitingLimits limits;
    private final SuspectTurn.OfEngine turn;
    private final TreeSet<Ticket> suspects = new TreeSet<>(Ticket.ORDER);
    private final TreeSet<Ticket> resumed = new TreeSet<>(Ticket.ORDER);
    private final FairShares arrived;
    private final TreeSet<Ticket> begunBatch = new TreeSet<>(Ticket.ORDER);
    private final FairShares arrivedBatch;
    /// The batch requests that the engine computes and that were not asked to yield, in the order in which they began.
    private final LinkedHashSet<Ticket> runningBatch = new LinkedHashSet<>();
    private int yielding;
    private int batchWaiting;
    /// The number of requests that are not batch and whose turn has begun.
    private int othersBegun;
    /// The number of those that have their first token.
    private int othersAnswered;
    private @Nullable Ticket suspectOut;
    private int outstanding;
    private int size;
    private long bytes;
    private int preparing;
    private long preparingBytes;

    /// @param turn of the engine for which the requests wait
    public WaitingRoom(WaitingLimits limits, Sharing sharing, SuspectTurn.OfEngine turn) {
        this.limits = limits;
        this.turn = turn;
        this.arrived = new FairShares(sharing);
        this.arrivedBatch = new FairShares(sharing);
    }

    /// Reserves room for a request that is added later, because its constraint is still being compiled.
    public void prepare(Ticket ticket) {
        ticket.turn = Ticket.Turn.PREPARING;
        preparing++;
        preparingBytes += ticket.bytes;
    }

    private void prepared(Ticket ticket) {
        if (ticket.turn == Ticket.Turn.PREPARING) {
            ticket.turn = Ticket.Turn.NONE;
            preparing--;
            preparingBytes -= ticket.bytes;
        }
    }

    public void add(Ticket ticket) {
        prepared(ticket);
        boolean added = isBegunBatch(ticket) ? begunBatch.add(ticket) : switch (ticket.standing) {
            case SUSPECT -> suspects.add(ticket);
            case RESUMED -> resumed.add(ticket);
            case ARRIVED -> shares(ticket).add(ticket);
        };
        assert added : ticket.id + " waits twice";
        count(ticket, 1);
    }

    private FairShares shares(Ticket ticket) {
        return ticket.batch ? arrivedBatch : arrived;
    }

    private static boolean isBegunBatch(Ticket ticket) {
        return ticket.batch && (ticket.yielded || ticket.standing == Ticket.Standing.RESUMED);
    }

    private void count(Ticket ticket, int tickets) {
        size += tickets;
        bytes += (long) tickets * ticket.bytes;
        batchWaiting += ticket.batch ? tickets : 0;
    }

    /// Asks batch requests to give up their slots, one for each other request that waits and finds no free slot. The
    /// tickets are added to the queues of their partitions, with [Ticket#yields] set.
    ///
    /// @param free the engine's free slots
    public void makeRoom(int free) {
        if (suspectOut != null) {
            return;
        }
        int missing = size - batchWaiting - Math.max(0, free - outstanding) - yielding;
        for (; missing > 0 && !runningBatch.isEmpty(); missing--) {
            var last = runningBatch.removeLast();
            last.yields(true);
            yielding++;
            last.granted.add(last);
        }
    }

    /// Notes that a request that was asked to yield has given up its slot. It waits again.
    public void yielded(Ticket ticket) {
        stopYielding(ticket);
        shares(ticket).end(ticket);
        ticket.turn = Ticket.Turn.NONE;
        ticket.yielded = true;
        add(ticket);
    }

    private void stopYielding(Ticket ticket) {
        if (ticket.yields()) {
            ticket.yields(false);
            yielding--;
        }
    }

    /// Begins the turn of the next request: hands it to the partition that owns it.
    ///
    /// @param batchToo whether it may be a batch request
    /// @return false where no request may begin
    public boolean grantNext(boolean batchToo) {
        if (suspectOut != null || turn.isOfAnother() || !suspects.isEmpty() && !turn.take()) {
            return false;
        }
        if (!suspects.isEmpty()) {
            suspectOut = suspects.pollFirst();
            grant(suspectOut);
        } else if (!resumed.isEmpty()) {
            grant(resumed.pollFirst());
        } else if (!arrived.isEmpty()) {
            grant(arrived.takeNext());
        } else if (!batchToo) {
            return false;
        } else if (!begunBatch.isEmpty()) {
            grant(begunBatch.pollFirst());
        } else if (!arrivedBatch.isEmpty()) {
            grant(arrivedBatch.takeNext());
        } else {
            return false;
        }
        return true;
    }

    private void grant(Ticket ticket) {
        count(ticket, -1);
        outstanding++;
        othersBegun += ticket.batch ? 0 : 1;
        ticket.turn = Ticket.Turn.OUTSTANDING;
        shares(ticket).begin(ticket);
        ticket.granted.add(ticket);
    }

    /// Notes that the engine has been given a request whose turn has begun.
    public void started(Ticket ticket) {
        if (ticket.turn == Ticket.Turn.OUTSTANDING) {
            ticket.turn = Ticket.Turn.STARTED;
            outstanding--;
            if (ticket.batch && ticket != suspectOut) {
                runningBatch.add(ticket);
            }
        }
    }

    /// Counts tokens that were computed for a request.
    public void used(Ticket ticket, int tokens) {
        if (ticket.turn == Ticket.Turn.STARTED) {
            shares(ticket).use(ticket, tokens);
            if (!ticket.batch && !ticket.answered && tokens > 0) {
                ticket.answered = true;
                othersAnswered++;
            }
        }
    }

    /// Notes that the suspect that is computed alone has made progress: it did not end the process, and the turns of
    /// other requests may begin again.
    public void cleared(Ticket ticket) {
        if (suspectOut == ticket) {
            suspectOut = null;
            turn.giveBack();
        }
    }

    /// Removes a request that has ended, or whose partition has been taken away, whether its turn has begun or not.
    public void left(Ticket ticket) {
        switch (ticket.turn) {
            case NONE -> removeWaiting(ticket);
            case PREPARING -> prepared(ticket);
            case OUTSTANDING, STARTED -> {
                started(ticket);
                runningBatch.remove(ticket);
                stopYielding(ticket);
                othersBegun -= ticket.batch ? 0 : 1;
                othersAnswered -= ticket.answered ? 1 : 0;
                shares(ticket).end(ticket);
                cleared(ticket);
            }
            case OVER -> { }
        }
        ticket.turn = Ticket.Turn.OVER;
    }

    private void removeWaiting(Ticket ticket) {
        boolean removed = isBegunBatch(ticket) ? begunBatch.remove(ticket) : switch (ticket.standing) {
            case SUSPECT -> suspects.remove(ticket);
            case RESUMED -> resumed.remove(ticket);
            case ARRIVED -> shares(ticket).remove(ticket);
        };
        if (removed) {      // a request that was begun under another arithmetic was never added
            count(ticket, -1);
        }
    }

    /// The number of requests whose turn has begun, and which the engine has not been given yet.
    public int outstanding() {
        return outstanding;
    }

    public boolean isFull() {
        return size + preparing >= limits.requests() || bytes + preparingBytes >= limits.bytes();
    }

    /// Whether the waiting room has drained to 90 % of its limits, so that partitions that were held back may be read
    /// again.
    public boolean hasRoom() {
        return size + preparing <= limits.requests() * 0.9 && bytes + preparingBytes <= limits.bytes() * 0.9;
    }

    public int size() {
        return size;
    }

    /// Returns whether fast first tokens, throughput or fast further tokens matter most to the requests at present.
    public Demand demand() {
        boolean othersWait = size > batchWaiting;
        if (!runningBatch.isEmpty() && othersAnswered == 0 && (othersWait || othersBegun > 0)) {
            return Demand.FIRST_TOKENS;     // those that wait get the slots of batch requests
        }
        return othersWait || batchWaiting > 0 && othersBegun == 0 ? Demand.THROUGHPUT : Demand.TOKENS;
    }

    public long bytes() {
        return bytes;
    }

    /// The number of tenants with waiting requests, and of those that had some not long ago.
    int tenants() {
        return arrived.tenants();
    }
}
