package dev.flover.schemas.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonRecordsTest {
    private static TokenChunk chunk() {
        return TokenChunk.newBuilder().setRequestId("a").setPosition(3).setTokenIds(List.of(1, 2)).setText("\u00e9\"\n")
                .setFinish(Finish.newBuilder().setReason(FinishReason.STOP).setMessage("m").build()).setTerminal(true)
                .setMetadata(Map.of("k", "v")).build();
    }

    @Test
    void aRecordComesBackAsItWas() {
        var result = GenerationResult.newBuilder().setRequestId("a").setText("x").setTokenIds(List.of())
                .setFinishReason(FinishReason.LENGTH).setRequestedAt(Instant.ofEpochMilli(1))
                .setFinishedAt(Instant.ofEpochMilli(1_700_000_000_123L)).build();
        assertThat(JsonRecords.read(JsonRecords.write(result), GenerationResult.class)).isEqualTo(result);
        assertThat(JsonRecords.read(JsonRecords.write(chunk()), TokenChunk.class)).isEqualTo(chunk());
    }

    @Test
    void fieldsHaveTheNamesOfTheContractAndNullsAreLeftOut() throws JsonProcessingException {
        var json = new ObjectMapper().readTree(new String(JsonRecords.write(chunk()), UTF_8));
        assertThat(json.get("request_id").textValue()).isEqualTo("a");
        assertThat(json.get("text").textValue()).isEqualTo("\u00e9\"\n");
        assertThat(json.get("finish").get("reason").textValue()).isEqualTo("STOP");
        assertThat(json.get("token_ids")).hasSize(2);
        assertThat(json.has("logprobs")).isFalse();
    }

    @Test
    void theFirstCharacterTellsTheForms() {
        assertThat(JsonRecords.isJson(" \r\n\t{}".getBytes(UTF_8))).isTrue();
        assertThat(JsonRecords.isJson(new byte[] {0, 0, 0, 0, 123})).isFalse();
        assertThat(JsonRecords.isJson("[{}]".getBytes(UTF_8))).isFalse();
        assertThat(JsonRecords.isJson(new byte[0])).isFalse();
    }
}
