package dev.flover.topology.waiting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.waiting.Ticket.Standing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WaitingRoomTest {
    private static final WaitingLimits ROOMY = new WaitingLimits(1_000_000, 1L << 40);

    private final Queue<Ticket> granted = new ArrayDeque<>();
    private long arrivals;

    private Ticket ticket(String id, String tenant, Standing standing, long rank) {
        return new Ticket(id, tenant, standing, false, rank, 0, arrivals++, 0, 1, 100, false, granted);
    }

    private Ticket batch(String id, Standing standing, long rank) {
        return new Ticket(id, "t", standing, true, rank, 0, arrivals++, 0, 1, 100, false, granted);
    }

    private Ticket arrived(String id, String tenant, long rank) {
        return ticket(id, tenant, Standing.ARRIVED, rank);
    }

    private List<String> grantAll(WaitingRoom room) {
        while (room.grantNext(true)) {
            // grants all
        }
        var ids = granted.stream().map(ticket -> ticket.id).toList();
        granted.clear();
        return ids;
    }

    @Test
    void withinATenantTheSmallestRankGoesFirstAndThenTheOldest() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        room.add(arrived("late", "t", 5));
        room.add(arrived("first", "t", 1));
        room.add(arrived("second", "t", 1));
        assertThat(grantAll(room)).containsExactly("first", "second", "late");
    }

    @Test
    void whatHadBegunGoesBeforeWhatHasNot() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        room.add(arrived("new", "t", 1));
        room.add(ticket("resumed", "t", Standing.RESUMED, 9));
        assertThat(grantAll(room)).containsExactly("resumed", "new");
    }

    @Test
    void batchRequestsGoBehindAllOthersHoweverOldTheyAre() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        room.add(batch("old line", Standing.ARRIVED, 1));
        room.add(batch("begun line", Standing.RESUMED, 2));
        room.add(arrived("new", "t", 1_000_000));
        room.add(ticket("resumed", "t", Standing.RESUMED, 2_000_000));
        assertThat(grantAll(room)).containsExactly("resumed", "new", "begun line", "old line");
    }

    @Test
    void theBatchRequestThatBeganLastYieldsToOneThatFindsNoSlot() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        var lines = List.of(batch("a", Standing.ARRIVED, 1), batch("b", Standing.ARRIVED, 2),
                batch("c", Standing.ARRIVED, 3));
        lines.forEach(room::add);
        assertThat(grantAll(room)).containsExactly("a", "b", "c");
        lines.forEach(room::started);
        assertThat(room.demand()).as("nothing waits").isEqualTo(Demand.TOKENS);
        room.makeRoom(0);
        assertThat(granted).as("no request waits").isEmpty();

        var urgent = arrived("urgent", "t", 9);
        room.add(urgent);
        room.makeRoom(1);
        assertThat(granted).as("a slot is free").isEmpty();
        room.makeRoom(0);
        room.makeRoom(0);
        assertThat(granted).extracting(ticket -> ticket.id).as("one line for one request").containsExactly("c");
        var last = granted.remove();
        assertThat(last.yields()).isTrue();
        room.yielded(last);
        assertThat(last.yields()).isFalse();
        assertThat(room.size()).isEqualTo(2);
        room.add(batch("d", Standing.ARRIVED, 0));
        assertThat(grantAll(room)).as("the line goes on before those that have not begun")
                .containsExactly("urgent", "c", "d");
        assertThat(room.bytes()).isZero();
    }

    @Test
    void aBatchRequestThatEndsBeforeItHasYieldedIsForgotten() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        var line = batch("line", Standing.ARRIVED, 1);
        room.add(line);
        grantAll(room);
        room.started(line);
        room.add(arrived("urgent", "t", 9));
        room.makeRoom(0);
        room.left(line);
        assertThat(granted.remove().yields()).isFalse();
        room.makeRoom(0);
        assertThat(granted).isEmpty();
        assertThat(grantAll(room)).containsExactly("urgent");
    }

    @Test
    void throughputCountsWhileLinesWaitUnlessAnotherRequestIsAnswered() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        room.add(batch("line", Standing.ARRIVED, 1));
        assertThat(room.demand()).isEqualTo(Demand.THROUGHPUT);
        var other = arrived("other", "t", 1);
        room.add(other);
        assertThat(room.demand()).isEqualTo(Demand.THROUGHPUT);
        room.grantNext(true);
        assertThat(room.demand()).as("a reader waits for tokens").isEqualTo(Demand.TOKENS);
        room.left(other);
        assertThat(room.demand()).isEqualTo(Demand.THROUGHPUT);
    }

    @Test
    void besideLinesThatRunFirstTokensCountUntilAnotherRequestHasThem() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        var line = batch("line", Standing.ARRIVED, 1);
        room.add(line);
        room.add(batch("next line", Standing.ARRIVED, 2));
        room.grantNext(true);
        room.started(line);
        assertThat(room.grantNext(false)).as("the free slot is kept from lines").isFalse();
        assertThat(room.demand()).isEqualTo(Demand.THROUGHPUT);
        var other = arrived("other", "t", 1);
        room.add(other);
        assertThat(room.demand()).isEqualTo(Demand.FIRST_TOKENS);
        assertThat(room.grantNext(false)).isTrue();
        room.started(other);
        room.used(line, 3);
        assertThat(room.demand()).isEqualTo(Demand.FIRST_TOKENS);
        room.used(other, 1);
        assertThat(room.demand()).as("its reader waits for further tokens").isEqualTo(Demand.TOKENS);
        var second = arrived("second", "t", 1);
        room.add(second);
        room.grantNext(false);
        room.left(other);
        assertThat(room.demand()).isEqualTo(Demand.FIRST_TOKENS);
        room.left(second);
        assertThat(room.demand()).isEqualTo(Demand.THROUGHPUT);
    }

    @Test
    void suspectsGoFirstAndOneAtATime() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        room.add(arrived("new", "t", 1));
        var one = ticket("suspect 1", "t", Standing.SUSPECT, 1);
        var two = ticket("suspect 2", "t", Standing.SUSPECT, 2);
        room.add(two);
        room.add(one);
        assertThat(grantAll(room)).containsExactly("suspect 1");
        room.cleared(two);
        assertThat(grantAll(room)).as("another suspect's end changes nothing").isEmpty();
        room.cleared(one);
        assertThat(grantAll(room)).containsExactly("suspect 2");
        room.cleared(two);
        assertThat(grantAll(room)).containsExactly("new");
    }

    @Test
    void grantedRequestsAreOutstandingUntilTheyAreSettled() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        var ticket = arrived("a", "t", 1);
        room.add(ticket);
        room.grantNext(true);
        assertThat(room.outstanding()).isOne();
        room.started(ticket);
        room.started(ticket);
        assertThat(room.outstanding()).isZero();
        room.left(ticket);
        room.left(ticket);
        assertThat(room.outstanding()).isZero();
    }

    @Test
    void sizeAndBytesFollowWhatWaits() {
        var room = new WaitingRoom(new WaitingLimits(2, 1000), Sharing.equal(), new SuspectTurn(1).of(0));
        var ticket = arrived("a", "t", 1);
        room.add(ticket);
        assertThat(room.isFull()).isFalse();
        room.add(arrived("b", "u", 1));
        assertThat(room.isFull()).isTrue();
        room.left(ticket);
        room.left(ticket);
        assertThat(room.size()).isOne();
        assertThat(room.bytes()).isEqualTo(100);
        assertThat(room.hasRoom()).isTrue();
        room.grantNext(true);
        assertThat(room.size()).isZero();
        assertThat(room.bytes()).isZero();
    }

    @Test
    void bytesFillTheRoomToo() {
        var room = new WaitingRoom(new WaitingLimits(1000, 250), Sharing.equal(), new SuspectTurn(1).of(0));
        room.add(arrived("a", "t", 1));
        room.add(arrived("b", "t", 1));
        assertThat(room.isFull()).isFalse();
        room.add(arrived("c", "t", 1));
        assertThat(room.isFull()).isTrue();
    }

    @Test
    void tenantsShareTokensEquallyWhateverTheyAskFor() {
        var served = simulate(Sharing.equal(), Map.of("short", 10, "long", 200, "mixed", 60), 42);
        double all = served.values().stream().mapToDouble(Double::doubleValue).sum();
        served.forEach((tenant, tokens) -> assertThat(tokens / all).as(tenant).isCloseTo(1 / 3.0, within(0.05 / 3)));
    }

    @Test
    void tenantsShareTokensByWeight() {
        var sharing = new Sharing(Map.of("big", 3.0, "small", 1.0), Duration.ofSeconds(1));
        var served = simulate(sharing, Map.of("big", 40, "small", 40), 7);
        double all = served.values().stream().mapToDouble(Double::doubleValue).sum();
        assertThat(served.get("big") / all).isCloseTo(0.75, within(0.05 * 0.75));
    }

    /// Simulates tenants that always have requests waiting, on 16 slots that each draw one token a round.
    ///
    /// @param lengths the longest answer of each tenant, in tokens
    /// @return the tokens computed for each tenant, prompts included
    private Map<String, Double> simulate(Sharing sharing, Map<String, Integer> lengths, long seed) {
        var random = new Random(seed);
        var room = new WaitingRoom(ROOMY, sharing, new SuspectTurn(1).of(0));
        var served = new HashMap<String, Double>();
        var running = new ArrayList<Map.Entry<Ticket, Integer>>();
        for (int round = 0; round < 10_000; round++) {
            for (String tenant : lengths.keySet()) {
                for (int i = 0; i < 5; i++) {       // more requests than can be served
                    room.add(arrived(tenant + round, tenant, round));
                }
            }
            while (running.size() < 16 && room.grantNext(true)) {
                var ticket = granted.remove();
                room.started(ticket);
                served.merge(ticket.tenant, (double) ticket.promptTokens, Double::sum);
                running.add(Map.entry(ticket, 1 + random.nextInt(lengths.get(ticket.tenant))));
            }
            running.replaceAll(entry -> {
                served.merge(entry.getKey().tenant, 1.0, Double::sum);
                room.used(entry.getKey(), 1);
                return Map.entry(entry.getKey(), entry.getValue() - 1);
            });
            running.stream().filter(entry -> entry.getValue() == 0).forEach(entry -> room.left(entry.getKey()));
            running.removeIf(entry -> entry.getValue() == 0);
        }
        return served;
    }

    @Test
    void aTenantThatComesLateDoesNotCatchUpOnWhatItNeverAskedFor() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        for (int i = 0; i < 100; i++) {
            room.add(arrived("early " + i, "early", i));
        }
        for (int i = 0; i < 50; i++) {
            turn(room, 100);
        }
        for (int i = 0; i < 100; i++) {
            room.add(arrived("late " + i, "late", i));
        }
        int late = 0;
        for (int i = 0; i < 20; i++) {
            late += turn(room, 100).equals("late") ? 1 : 0;
        }
        assertThat(late).isBetween(9, 11);
    }

    /// Grants, computes and ends one request, and returns its tenant.
    private String turn(WaitingRoom room, int tokens) {
        room.grantNext(true);
        var ticket = granted.remove();
        room.started(ticket);
        room.used(ticket, tokens);
        room.left(ticket);
        return ticket.tenant;
    }

    @Test
    void tenantsWithoutNumberAreForgottenAgain() {
        var room = new WaitingRoom(ROOMY, Sharing.equal(), new SuspectTurn(1).of(0));
        for (int i = 0; i < 100_000; i++) {
            room.add(arrived("r" + i, "tenant " + i, i));
            turn(room, 1);
        }
        assertThat(room.tenants()).isLessThan(20_000);
    }
}
