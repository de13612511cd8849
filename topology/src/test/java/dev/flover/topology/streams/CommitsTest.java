package dev.flover.topology.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.waiting.Demand;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CommitsTest {
    private static final Duration INTERVAL = Duration.ofMillis(50);

    private final AtomicLong clock = new AtomicLong(-17);
    private final PipelineConfig config = PipelineConfig
            .of("test", "nowhere:9092", "mock://test", Path.of("unused"), "scripted")
            .with(new Pace(Duration.ofMillis(1), INTERVAL, Duration.ZERO));
    private final Commits commits = new Commits(config, clock::get);

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
        commits.tick(0, Demand.TOKENS);
    }

    private void commitTaking(Duration time) {
        commits.begins();
        clock.addAndGet(time.toNanos());
        commits.committed();
    }

    @Test
    void nothingIsDueUntilSomethingHasChanged() {
        pass(Duration.ofDays(1));
        assertThat(commits.isDue()).isFalse();
        commits.early();
        assertThat(commits.isDue()).isFalse();
    }

    @Test
    void aChangeWaitsForTheIntervalAndLaterChangesDoNotPutItOff() {
        commits.changed();
        pass(INTERVAL.minusNanos(1));
        commits.changed();
        assertThat(commits.isDue()).isFalse();
        pass(Duration.ofNanos(1));
        assertThat(commits.isDue()).isTrue();

        commits.committed();
        assertThat(commits.isDue()).isFalse();
        assertThat(commits.count()).isEqualTo(1);
    }

    @Test
    void firstTokensAreCommittedEarlyButNotMoreOftenThanTwiceAnInterval() {
        commits.changed();
        commits.early();
        assertThat(commits.isDue()).isTrue();
        commits.committed();

        commits.changed();
        commits.early();
        assertThat(commits.isDue()).isFalse();
        pass(INTERVAL.dividedBy(2));
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void nobodyWaitsForACommitAtLeastOnceSoFirstTokensMakeNone() {
        var relaxed = new Commits(config.with(Delivery.AT_LEAST_ONCE), clock::get);
        relaxed.changed();
        relaxed.early();
        assertThat(relaxed.isDue()).isFalse();
        pass(INTERVAL);
        relaxed.tick(0, Demand.TOKENS);
        assertThat(relaxed.isDue()).isTrue();
    }

    @Test
    void whetherTheIntervalIsOverIsAskedOnceAPassSoThatNoPartitionMissesItsCommit() {
        commits.tick(0, Demand.TOKENS);
        commits.changed();
        clock.addAndGet(INTERVAL.toNanos());
        commits.tick(1, Demand.TOKENS);
        assertThat(commits.isDue()).isFalse();
        assertThat(commits.mayWait()).isTrue();

        for (int partition : new int[] {0, 1}) {
            commits.tick(partition, Demand.TOKENS);
            assertThat(commits.isDue()).isTrue();
            assertThat(commits.mayWait()).isFalse();
        }
    }

    @Test
    void aPassEndsWhereAPartitionTicksAgainOrTheThreadTurnsToSomethingElse() {
        assertThat(commits.tick(2, Demand.TOKENS)).isTrue();
        assertThat(commits.tick(3, Demand.TOKENS)).isFalse();
        assertThat(commits.tick(2, Demand.TOKENS)).isTrue();
        commits.passEnds();
        assertThat(commits.tick(3, Demand.TOKENS)).isTrue();
        commits.committed();
        assertThat(commits.tick(0, Demand.TOKENS)).isTrue();
    }

    @Test
    void whetherTheLastCommitIsTooRecentIsAskedOnceAPass() {
        commits.committed();
        commits.tick(0, Demand.TOKENS);
        clock.addAndGet(INTERVAL.dividedBy(2).toNanos());
        commits.firstToken();
        commits.tick(1, Demand.TOKENS);
        assertThat(commits.isDue()).isFalse();
        commits.tick(0, Demand.TOKENS);
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void whereRequestsWaitForRoomFirstTokensMakeNoCommit() {
        commits.tick(0, Demand.THROUGHPUT);
        commits.firstToken();
        assertThat(commits.isDue()).isFalse();
        commits.tick(0, Demand.TOKENS);
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void besideBatchRequestsFirstTokensComeSoonAfterACommitAndOtherChangesWaitForThem() {
        commitTaking(Duration.ofMillis(5));
        commits.changed();
        clock.addAndGet(Duration.ofMillis(5).toNanos());
        commits.tick(0, Demand.FIRST_TOKENS);
        assertThat(commits.isDue()).isFalse();
        clock.addAndGet(INTERVAL.toNanos());
        commits.tick(0, Demand.FIRST_TOKENS);
        assertThat(commits.isDue()).as("the change waits longer than an interval").isFalse();
        commits.firstToken();
        assertThat(commits.isDue()).isTrue();

        commitTaking(Duration.ofMillis(5));
        commits.firstToken();
        clock.addAndGet(Duration.ofMillis(5).toNanos() - 1);
        commits.tick(0, Demand.FIRST_TOKENS);
        assertThat(commits.isDue()).as("the last commit took longer than the time since").isFalse();
        clock.addAndGet(1);
        commits.tick(0, Demand.FIRST_TOKENS);
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void aChangeWaitsTwoIntervalsAtMostForFirstTokens() {
        commits.changed();
        clock.addAndGet(2 * INTERVAL.toNanos() - 1);
        commits.tick(0, Demand.FIRST_TOKENS);
        assertThat(commits.isDue()).isFalse();
        clock.addAndGet(1);
        commits.tick(0, Demand.FIRST_TOKENS);
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void whileRequestsWaitAQuarterOfTheTimeGoesIntoCommits() {
        commitTaking(Duration.ofMillis(20));
        commits.changed();
        clock.addAndGet(Duration.ofMillis(59).toNanos());

        commits.tick(0, Demand.THROUGHPUT);
        assertThat(commits.isDue()).isFalse();
        commits.tick(0, Demand.TOKENS);
        assertThat(commits.isDue()).isTrue();
        clock.addAndGet(Duration.ofMillis(1).toNanos());
        commits.tick(0, Demand.THROUGHPUT);
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void whereAQuotaOrASlowBrokerHoldsCommitsUpMoreGoesIntoEach() {
        commitTaking(Duration.ofMillis(300));
        commits.firstToken();
        pass(Duration.ofMillis(299));
        assertThat(commits.isDue()).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void aCommitThatABrokerHeldUpDoesNotPutTheNextOneOffForLong() {
        commitTaking(Duration.ofMinutes(1));
        commits.changed();
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        commits.tick(0, Demand.THROUGHPUT);
        assertThat(commits.isDue()).isTrue();
    }

    @Test
    void theThreadIsNotMissedUntilACommitIsDue() {
        var day = Duration.ofDays(1);
        assertThat(commits.untilDue(day)).isEqualTo(day);
        commits.changed();
        assertThat(commits.untilDue(day)).isEqualTo(INTERVAL);
        assertThat(commits.untilDue(Duration.ofMillis(3))).isEqualTo(Duration.ofMillis(3));
        clock.addAndGet(INTERVAL.toNanos() - 7);
        assertThat(commits.untilDue(day)).isEqualTo(Duration.ofNanos(7));
        clock.addAndGet(100);
        assertThat(commits.untilDue(day)).isZero();
        assertThat(new Commits(config.with(Delivery.AT_LEAST_ONCE), clock::get).untilDue(day)).isZero();
    }

    @Test
    void whatMustNotWaitDoesNot() {
        commits.committed();
        commits.atOnce();
        assertThat(commits.isDue()).isTrue();
        commits.committed();
        assertThat(commits.isDue()).isFalse();
    }
}
