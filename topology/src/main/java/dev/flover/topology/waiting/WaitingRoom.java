package dev.flover.topology.waiting;

import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import java.util.TreeSet;

/// The requests of all partitions of a process that wait for the engine, and whose turn it is.
///
/// Suspects go before everything, one at a time; then generations that had begun before a restart; then the others, in
/// fair shares. A turn that was granted is *outstanding* until the engine has been given it, and over when the request
/// has left.
///
/// Holds no content of requests, only what ordering needs. Used by the stream thread alone.
public final class WaitingRoom {
    private final WaitingLimits limits;
    private final TreeSet<Ticket> suspects = new TreeSet<>(Ticket.ORDER);
    private final TreeSet<Ticket> resumed = new TreeSet<>(Ticket.ORDER);
    private final FairShares arrived;
    private Ticket suspectOut;
    private int outstanding;
    private int size;
    private long bytes;
    private int preparing;
    private long preparingBytes;

    public WaitingRoom(WaitingLimits limits, Sharing sharing) {
        this.limits = limits;
        this.arrived = new FairShares(sharing);
    }

    /// Takes up room for a request that is added later.
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
        boolean added = switch (ticket.standing) {
            case SUSPECT -> suspects.add(ticket);
            case RESUMED -> resumed.add(ticket);
            case ARRIVED -> arrived.add(ticket);
        };
        assert added : ticket.id + " waits twice";
        size++;
        bytes += ticket.bytes;
    }

    /// Hands the next request to the partition that owns it.
    ///
    /// @return whether there was one
    public boolean grantNext() {
        if (suspectOut != null) {
            return false;
        }
        if (!suspects.isEmpty()) {
            suspectOut = suspects.pollFirst();
            grant(suspectOut);
        } else if (!resumed.isEmpty()) {
            grant(resumed.pollFirst());
        } else if (!arrived.isEmpty()) {
            grant(arrived.takeNext());
        } else {
            return false;
        }
        return true;
    }

    private void grant(Ticket ticket) {
        size--;
        bytes -= ticket.bytes;
        outstanding++;
        ticket.turn = Ticket.Turn.OUTSTANDING;
        arrived.begin(ticket);
        ticket.granted.add(ticket);
    }

    /// The engine has been given a granted request.
    public void started(Ticket ticket) {
        if (ticket.turn == Ticket.Turn.OUTSTANDING) {
            ticket.turn = Ticket.Turn.STARTED;
            outstanding--;
        }
    }

    /// Tokens were computed for it.
    public void used(Ticket ticket, int tokens) {
        if (ticket.turn == Ticket.Turn.STARTED) {
            arrived.use(ticket, tokens);
        }
    }

    /// The suspect that is computed alone has made progress: it did not end the process, and others are granted again.
    public void cleared(Ticket ticket) {
        if (suspectOut == ticket) {
            suspectOut = null;
        }
    }

    /// The request has ended, whether its turn had come or not, or its partition has gone.
    public void left(Ticket ticket) {
        switch (ticket.turn) {
            case NONE -> removeWaiting(ticket);
            case PREPARING -> prepared(ticket);
            case OUTSTANDING, STARTED -> {
                started(ticket);
                arrived.end(ticket);
                cleared(ticket);
            }
            case OVER -> { }
        }
        ticket.turn = Ticket.Turn.OVER;
    }

    private void removeWaiting(Ticket ticket) {
        boolean removed = switch (ticket.standing) {
            case SUSPECT -> suspects.remove(ticket);
            case RESUMED -> resumed.remove(ticket);
            case ARRIVED -> arrived.remove(ticket);
        };
        if (removed) {      // else it was kept out: begun under other arithmetic
            size--;
            bytes -= ticket.bytes;
        }
    }

    /// Requests granted that the engine has not been given yet.
    public int outstanding() {
        return outstanding;
    }

    public boolean isFull() {
        return size + preparing >= limits.requests() || bytes + preparingBytes >= limits.bytes();
    }

    /// Whether it has drained so far that held partitions may be fetched from again.
    public boolean hasRoom() {
        return size + preparing <= limits.requests() * 0.9 && bytes + preparingBytes <= limits.bytes() * 0.9;
    }

    public int size() {
        return size;
    }

    public long bytes() {
        return bytes;
    }

    /// Tenants that have requests waiting, or had not long ago.
    int tenants() {
        return arrived.tenants();
    }
}
