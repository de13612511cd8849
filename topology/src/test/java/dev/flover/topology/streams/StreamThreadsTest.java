package dev.flover.topology.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StreamThreadsTest {
    private static final List<String> THREE = List.of("first", "second", "third");

    @Test
    void threadsAndTheirClientsAreFoundByTheNumberInTheirNames() {
        assertThat(StreamThreads.named("flover-StreamThread-1", THREE)).isEqualTo("first");
        assertThat(StreamThreads.named("a-StreamThread-1-StreamThread-3", THREE)).isEqualTo("third");
        assertThat(StreamThreads.owner(Map.of("client.id", "flover-StreamThread-2-consumer"), THREE))
                .isEqualTo("second");
        assertThat(StreamThreads.owner(Map.of("client.id", "flover-StreamThread-3-producer"), THREE))
                .isEqualTo("third");
    }

    @Test
    void aSingleThreadIsFoundWhateverItsName() {
        assertThat(StreamThreads.own(List.of("only"))).isEqualTo("only");
        assertThat(StreamThreads.owner(Map.of(), List.of("only"))).isEqualTo("only");
    }

    @Test
    void aNameWithoutANumberIsRefused() {
        assertThatThrownBy(() -> StreamThreads.named("main", THREE)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("one of 3 stream threads").hasMessageContaining("found main");
    }
}
