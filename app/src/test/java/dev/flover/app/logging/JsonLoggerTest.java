package dev.flover.app.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;
import org.slf4j.helpers.NOPLogger;

class JsonLoggerTest {
    @Test
    void anEventIsOneLineOfJson() throws IOException {
        var logger = new JsonLogger("dev.flover.Some", NOPLogger.NOP_LOGGER);

        String line = logger.line(Instant.EPOCH, Level.WARN, "two\nlines \"quoted\"", new IllegalStateException("why"));

        assertThat(line).hasLineCount(1);
        var event = new ObjectMapper().readTree(line);
        assertThat(event.get("time").asText()).isEqualTo("1970-01-01T00:00:00Z");
        assertThat(event.get("level").asText()).isEqualTo("warn");
        assertThat(event.get("logger").asText()).isEqualTo("dev.flover.Some");
        assertThat(event.get("message").asText()).isEqualTo("two\nlines \"quoted\"");
        assertThat(event.get("failure").asText()).contains("IllegalStateException: why").contains("\tat ");
    }

    @Test
    void aWrongLevelIsRefusedWithTheLevelsThatThereAre() {
        assertThatThrownBy(() -> LogOptions.apply(new String[0], Map.of("FLOVER_LOG_LEVEL", "loud")))
                .hasMessage("$FLOVER_LOG_LEVEL must be one of [trace, debug, info, warn, error, off], was loud");
        var run = Console.run("config", "--log-level", "loud");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--log-level").contains("loud");
    }
}
