package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.records.BrokenText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BrokenTextTest {
    private static final byte[] WHOLE = "any text, and \uFFFD once".getBytes(StandardCharsets.UTF_8);
    private static final byte[] BROKEN = {'a', (byte) 0xC3, '('};

    @Test
    void textWithoutReplacementsIsWhole() {
        assertThat(BrokenText.isIn(request("Füße 🎈"), BROKEN)).isFalse();
    }

    @Test
    void aReplacementThatTheProducerWroteIsWhole() {
        assertThat(BrokenText.isIn(request("\uFFFD"), WHOLE)).isFalse();
    }

    @Test
    void aReplacementThatCameOfDecodingIsFoundInAnyText() {
        assertThat(BrokenText.isIn(request("a\uFFFD("), BROKEN)).isTrue();
        assertThat(BrokenText.isIn(request("\uFFFD\uFFFD"), WHOLE)).isTrue();
        assertThat(BrokenText.isIn(GenerationRequest.newBuilder(request("x"))
                .setMessages(List.of(
                        ChatMessage.newBuilder().setRole("user").setContent("\uFFFD").build())).build(),
                BROKEN)).isTrue();
        assertThat(BrokenText.isIn(GenerationRequest.newBuilder(request("x"))
                .setMetadata(Map.of("\uFFFD", "")).build(), BROKEN)).isTrue();
        assertThat(BrokenText.isIn(GenerationRequest.newBuilder(request("x"))
                .setStop(List.of("\uFFFD")).build(), BROKEN)).isTrue();
    }

    private static GenerationRequest request(String prompt) {
        return SimulatedProcess.request("a", prompt).build();
    }
}
