package dev.flover.topology.streams;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OpenTransactionsTest {
    @Test
    void anApplicationWhoseNameBeginsWithThisOnesIsLeftAlone() {
        assertThat(OpenTransactions.changelogs("flover")).contains("flover-requests-changelog").hasSize(5)
                .doesNotContainAnyElementsOf(OpenTransactions.changelogs("flover-other"));
    }
}
