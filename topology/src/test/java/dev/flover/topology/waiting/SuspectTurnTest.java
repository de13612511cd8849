package dev.flover.topology.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class SuspectTurnTest {
    private final SuspectTurn turns = new SuspectTurn(2);
    private final SuspectTurn.OfEngine one = turns.of(0);
    private final SuspectTurn.OfEngine two = turns.of(1);
    private final Queue<Ticket> granted = new ArrayDeque<>();

    private Ticket ticket(String id, Ticket.Standing standing) {
        return new Ticket(id, "", standing, false, 0, 0, 0, 0, 1, 1, true, granted);
    }

    @Test
    void aSuspectIsAloneOnlyWhenTheOtherEnginesHaveEndedTheirSteps() {
        assertThat(two.mayBegin()).isTrue();

        assertThat(one.take()).isTrue();
        assertThat(one.isAlone()).as("a step of the other engine is in progress").isFalse();
        assertThat(two.mayBegin()).as("the other engine may not begin another").isFalse();
        two.computes(false);

        assertThat(one.isAlone()).isTrue();
        assertThat(one.mayBegin()).isTrue();
        one.giveBack();
        assertThat(two.mayBegin()).isTrue();
    }

    @Test
    void suspectsOfTwoEnginesHaveTheirTurnsOneAfterTheOtherAndNothingElseBeginsMeanwhile() {
        var limits = new WaitingLimits(100, 1000);
        var first = new WaitingRoom(limits, Sharing.equal(), one);
        var second = new WaitingRoom(limits, Sharing.equal(), two);
        var suspect = ticket("a", Ticket.Standing.SUSPECT);
        first.add(suspect);
        second.add(ticket("b", Ticket.Standing.SUSPECT));
        second.add(ticket("c", Ticket.Standing.ARRIVED));

        assertThat(first.grantNext(true)).isTrue();
        assertThat(second.grantNext(true)).isFalse();
        first.cleared(suspect);

        assertThat(second.grantNext(true)).isTrue();
        assertThat(granted).extracting(each -> each.id).containsExactly("a", "b");
        assertThat(first.grantNext(true)).isFalse();
    }
}
