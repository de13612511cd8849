package dev.flover.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flover.http.openai.ApiError;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private final AtomicLong lag = new AtomicLong();
    private final AtomicLong clock = new AtomicLong(TimeUnit.SECONDS.toNanos(1_000));
    private final Backlog backlog = new Backlog(100, lag::get, clock::get);

    private ApiError refusal() {
        return catchThrowableOfType(ApiError.class, backlog::requireRoom);
    }

    @Test
    void whatWaitsUnreadOrWithoutATokenCounts() {
        lag.set(99);
        assertThatCode(backlog::requireRoom).doesNotThrowAnyException();
        lag.set(100);
        assertThat(refusal().status()).isEqualTo(429);
        lag.set(0);
        for (int i = 0; i < 100; i++) {
            backlog.sent();
        }
        assertThat(refusal().getMessage()).startsWith("100 requests wait");
        backlog.left();
        assertThatCode(backlog::requireRoom).doesNotThrowAnyException();
    }

    @Test
    void whenToComeAgainFollowsFromTheRateOfTheLastSeconds() {
        for (int i = 0; i < 20; i++) {      // 20 requests in ten seconds are two per second
            backlog.sent();
            backlog.begun();
        }
        lag.set(150);
        assertThat(refusal().retryAfterS()).as("(150 - 50) / 2").isEqualTo(50);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(11));
        assertThat(refusal().retryAfterS()).as("nobody was served lately").isEqualTo(5);
    }
}
