package dev.flover.topology.waiting;

import dev.flover.topology.config.PipelineConfig.Sharing;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/// Fair queueing: decides which tenant's request is next where several tenants wait.
///
/// Each tenant has a counter of the tokens computed for it, prompts included, divided by its weight, and the tenant
/// with the smallest counter is next (virtual token counter, Sheng et al. 2024). A tenant is charged when its request's
/// turn begins, by the number of tokens that its answers usually take, and the difference to the computed tokens is
/// settled at the end. Otherwise a tenant with long answers would take every free slot before its counter had moved. A
/// tenant that comes back after a pause starts at the counter of the others, so that a pause earns nothing. Among the
/// requests of one tenant, the ticket's rank decides.
final class FairShares {
    /// The most tenants without waiting requests whose counters are kept.
    private static final int IDLE_ACCOUNTS = 10_000;
    private static final double FIRST_EXPECTED_TOKENS = 64;
    private static final double NEWEST_SHARE = 0.1;

    private final Sharing sharing;
    private final Map<String, Account> accounts = new HashMap<>();
    private final TreeSet<Account> claimants =
            new TreeSet<>(Comparator.<Account>comparingDouble(a -> a.served).thenComparing(a -> a.tenant));
    /// The counter of the tenant that was served last, where the counter of a new tenant starts.
    private double floor;

    private static final class Account {
        final String tenant;
        final double weight;
        final TreeSet<Ticket> waiting = new TreeSet<>(Ticket.ORDER);
        double served;
        double expectedTokens = FIRST_EXPECTED_TOKENS;

        Account(String tenant, double weight, double served) {
            this.tenant = tenant;
            this.weight = weight;
            this.served = served;
        }
    }

    FairShares(Sharing sharing) {
        this.sharing = sharing;
    }

    boolean add(Ticket ticket) {
        var account = account(ticket.tenant);
        if (account.waiting.isEmpty()) {
            account.served = Math.max(account.served, floor);
            claimants.add(account);
        }
        return account.waiting.add(ticket);
    }

    boolean remove(Ticket ticket) {
        var account = accounts.get(ticket.tenant);
        if (account == null || !account.waiting.remove(ticket)) {
            return false;
        }
        if (account.waiting.isEmpty()) {
            claimants.remove(account);
        }
        return true;
    }

    boolean isEmpty() {
        return claimants.isEmpty();
    }

    /// Takes out the next request. There must be one.
    Ticket takeNext() {
        var account = claimants.first();
        floor = Math.max(floor, account.served);
        var next = account.waiting.first();
        remove(next);
        return next;
    }

    /// Begins a request's turn: charges its tenant for the prompt and for the expected tokens of the answers.
    void begin(Ticket ticket) {
        var account = account(ticket.tenant);
        ticket.used = ticket.promptTokens;
        ticket.paid = ticket.promptTokens + account.expectedTokens;
        charge(account, ticket.paid);
    }

    /// Counts tokens that were computed for a request, and charges its tenant for those beyond the expected ones.
    void use(Ticket ticket, int tokens) {
        ticket.used += tokens;
        if (ticket.used > ticket.paid) {
            charge(account(ticket.tenant), ticket.used - ticket.paid);
            ticket.paid = ticket.used;
        }
    }

    /// Ends a request's turn: credits its tenant with the expected tokens that were not computed.
    void end(Ticket ticket) {
        var account = account(ticket.tenant);
        double tokens = ticket.used - ticket.promptTokens;
        account.expectedTokens += NEWEST_SHARE * (tokens - account.expectedTokens);
        charge(account, ticket.used - ticket.paid);
        ticket.paid = ticket.used;
    }

    private void charge(Account account, double tokens) {
        boolean claims = claimants.remove(account);
        account.served += tokens / account.weight;
        if (claims) {
            claimants.add(account);
        }
    }

    /// The number of tenants whose counters are kept: those with waiting requests, and those that had some not long
    /// ago.
    int tenants() {
        return accounts.size();
    }

    private Account account(String tenant) {
        if (accounts.size() > IDLE_ACCOUNTS + claimants.size()) {
            accounts.values().removeIf(account -> account.waiting.isEmpty());
        }
        return accounts.computeIfAbsent(
                tenant, name -> new Account(name, sharing.weights().getOrDefault(name, 1.0), floor));
    }
}
