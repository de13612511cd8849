package dev.flover.topology.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.StoredAttempts;
import dev.flover.topology.state.Attempts.Try;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AttemptsTest {
    private static final UUID A = new UUID(1, 1);
    private static final UUID B = new UUID(2, 2);
    private static final UUID C = new UUID(3, 3);

    private static Attempts triedBy(Attempts before, UUID process, boolean alone) {
        return before.without(List.of(process)).with(new Try(process, alone));
    }

    @Test
    void twoProcessesThatTakeTurnsAsLongAsTheyLiveCountOnceEach() {
        var attempts = Attempts.NONE;
        for (int i = 0; i < 20; i++) {
            attempts = triedBy(triedBy(attempts, A, false), B, false);
        }
        assertThat(attempts.together()).isEqualTo(2);
        assertThat(attempts.without(List.of(A)).together()).isOne();
    }

    @Test
    void eachProcessThatIsNeverHeardOfAgainCounts() {
        var attempts = triedBy(triedBy(triedBy(Attempts.NONE, A, false), B, false), C, true);
        assertThat(attempts.together()).isEqualTo(2);
        assertThat(attempts.alone()).isOne();
        assertThat(attempts.without(List.of(C)).alone()).isZero();
    }

    @Test
    void whatWasStoredIsReadAgain() {
        var attempts = triedBy(triedBy(Attempts.NONE, A, true), B, false);
        assertThat(Attempts.of(attempts.counts(), attempts.encodedTries())).isEqualTo(attempts);
    }

    @Test
    void whatAnOlderReleaseCountedStaysCounted() {
        var attempts = Attempts.of(new StoredAttempts(2, 1), null);
        assertThat(attempts.without(List.of(A, B))).isEqualTo(attempts);
    }
}
