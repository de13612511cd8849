package dev.flover.topology;

import dev.flover.topology.PipelineConfig.Sharing;
import dev.flover.topology.PipelineConfig.WaitingLimits;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/// The requests of all partitions of a process that wait for the engine, and whose turn it is.
///
/// Tenants share by weight: each has a counter of the tokens computed for it divided by its weight, and the one with
/// the smallest counter is next (virtual token counter, Sheng et al. 2024). A tenant that comes back after a pause
/// starts where the others are, so that a pause earns nothing. Within a tenant, priority and time waited decide.
/// Generations that had begun before a restart go first; suspects go before everything, one at a time.
///
/// Holds no content of requests, only what ordering needs. Used by the stream thread alone.
final class WaitingRoom {
    private static final Comparator<Ticket> ORDER = Comparator.<Ticket>comparingLong(ticket -> ticket.rank)
            .thenComparingLong(ticket -> ticket.arrival)
            .thenComparingInt(ticket -> ticket.partition);
    /// With more tenants than this that have nothing waiting, what they are ahead of their share is forgotten.
    private static final int IDLE_ACCOUNTS = 10_000;

    private final WaitingLimits limits;
    private final Sharing sharing;
    private final TreeSet<Ticket> suspects = new TreeSet<>(ORDER);
    private final TreeSet<Ticket> resumed = new TreeSet<>(ORDER);
    private final Map<String, Account> accounts = new HashMap<>();
    private final TreeSet<Account> claimants =
            new TreeSet<>(Comparator.<Account>comparingDouble(a -> a.served).thenComparing(a -> a.tenant));
    private Ticket suspectOut;
    private double floor;
    private int outstanding;
    private int size;
    private long bytes;

    private static final class Account {
        final String tenant;
        final double weight;
        final TreeSet<Ticket> waiting = new TreeSet<>(ORDER);
        double served;

        Account(String tenant, double weight, double served) {
            this.tenant = tenant;
            this.weight = weight;
            this.served = served;
        }
    }

    WaitingRoom(WaitingLimits limits, Sharing sharing) {
        this.limits = limits;
        this.sharing = sharing;
    }

    void add(Ticket ticket) {
        boolean added = switch (ticket.standing) {
            case SUSPECT -> suspects.add(ticket);
            case RESUMED -> resumed.add(ticket);
            case ARRIVED -> addArrived(ticket);
        };
        if (added) {
            size++;
            bytes += ticket.bytes;
        }
    }

    /// Takes a request out whose turn never came. Without effect on one that was granted.
    void remove(Ticket ticket) {
        boolean removed = switch (ticket.standing) {
            case SUSPECT -> suspects.remove(ticket);
            case RESUMED -> resumed.remove(ticket);
            case ARRIVED -> removeArrived(ticket);
        };
        if (removed) {
            size--;
            bytes -= ticket.bytes;
        }
    }

    /// Hands the next request to the partition that owns it.
    ///
    /// @return whether there was one
    boolean grantNext() {
        if (suspectOut != null) {
            return false;
        }
        if (!suspects.isEmpty()) {
            suspectOut = suspects.first();
            grant(suspectOut);
            return true;
        }
        if (!resumed.isEmpty()) {
            grant(resumed.first());
            return true;
        }
        if (claimants.isEmpty()) {
            return false;
        }
        var account = claimants.first();
        floor = Math.max(floor, account.served);
        var next = account.waiting.first();
        grant(next);
        charge(next.tenant, next.promptTokens);
        return true;
    }

    private void grant(Ticket ticket) {
        remove(ticket);
        ticket.outstanding = true;
        outstanding++;
        ticket.granted.add(ticket);
    }

    /// A granted request has been given to the engine, or will never be.
    void settle(Ticket ticket) {
        if (ticket.outstanding) {
            ticket.outstanding = false;
            outstanding--;
        }
    }

    /// Requests granted that the engine has not been given yet.
    int outstanding() {
        return outstanding;
    }

    /// The suspect that was granted has been cleared, has ended, or its partition has gone.
    void clearSuspect(Ticket ticket) {
        if (suspectOut == ticket) {
            suspectOut = null;
        }
    }

    /// Tokens were computed for a tenant.
    void charge(String tenant, int tokens) {
        var account = account(tenant);
        boolean claims = claimants.remove(account);
        account.served += tokens / account.weight;
        if (claims) {
            claimants.add(account);
        }
    }

    boolean isFull() {
        return size >= limits.requests() || bytes >= limits.bytes();
    }

    /// Whether it has drained so far below its limits that fetching is worth while again.
    boolean hasRoom() {
        return size <= limits.requests() * 0.9 && bytes <= limits.bytes() * 0.9;
    }

    int size() {
        return size;
    }

    long bytes() {
        return bytes;
    }

    /// Tenants that have something waiting, or are remembered because they are ahead of their share.
    int tenants() {
        return accounts.size();
    }

    private boolean addArrived(Ticket ticket) {
        var account = account(ticket.tenant);
        if (account.waiting.isEmpty()) {
            account.served = Math.max(account.served, floor);
            claimants.add(account);
        }
        return account.waiting.add(ticket);
    }

    private boolean removeArrived(Ticket ticket) {
        var account = accounts.get(ticket.tenant);
        if (account == null || !account.waiting.remove(ticket)) {
            return false;
        }
        if (account.waiting.isEmpty()) {
            claimants.remove(account);
        }
        return true;
    }

    private Account account(String tenant) {
        if (accounts.size() > IDLE_ACCOUNTS + claimants.size()) {
            accounts.values().removeIf(account -> account.waiting.isEmpty());
        }
        return accounts.computeIfAbsent(
                tenant, name -> new Account(name, sharing.weights().getOrDefault(name, 1.0), floor));
    }
}
