package dev.flover.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
    /// The known answers for philox4x32-10 that are published with Random123: the first two of the four output words.
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0000000000000000, 0000000000000000, e169c58d6627e8d5",
        "ffffffffffffffff, ffffffffffffffff, ffffffffffffffff, 41c83b0e408f276d",
        "85a308d3243f6a88, 0370734413198a2e, 299f31d0a4093822, 94fdccebd16cfe09"})
    void givesThePublishedKnownAnswers(String counterLow, String counterHigh, String key, String output) {
        assertThat(Long.toHexString(Philox.firstHalf(hex(counterLow), hex(counterHigh), hex(key))))
                .isEqualTo(output);
    }

    @Test
    void everyPartOfTheKeyChangesTheDraw() {
        long draw = Philox.draw(5, 1, 2);
        assertThat(Philox.draw(5, 1, 2)).isEqualTo(draw);
        assertThat(Philox.draw(6, 1, 2)).isNotEqualTo(draw);
        assertThat(Philox.draw(5L << 32, 1, 2)).isNotEqualTo(draw);
        assertThat(Philox.draw(5, 2, 2)).isNotEqualTo(draw);
        assertThat(Philox.draw(5, 2, 1)).isNotEqualTo(draw);
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, 16);
    }
}
