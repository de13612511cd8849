package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import dev.flover.schemas.TokenChunk;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sends records of random bytes: each record gets one answer or one dead letter, and the requests after it are served.
class HostileRecordsProperties {
    private static final int RECORDS = 400;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {7, 77, 777})
    void everyRecordIsAnsweredOrPutAsideAndTheLastOneIsServed(long seed) {
        var random = new Random(seed);
        var process = SimulatedProcess.of(1, 8);
        for (int i = 0; i < RECORDS; i++) {
            byte[] key = random.nextInt(10) == 0 ? bytes(random, 300) : ("r" + i).getBytes(StandardCharsets.UTF_8);
            process.send(0, key, value(random, i), new RecordHeaders().add("traceparent", bytes(random, 80)));
            process.ticks(2);
        }
        process.send(0, SimulatedProcess.request("last", ">served").build());
        process.settle();
        assertThat(process.text("last", 0)).isEqualTo("served");
        // A generation that fails, because a changed byte of its prompt makes the logits NaN, is a dead letter as well.
        long answered = process.records(PipelineTopology.TOKENS_SINK).stream()
                .map(record -> (TokenChunk) record.value()).filter(TokenChunk::getTerminal)
                .filter(chunk -> chunk.getFinish().getReason() != FinishReason.ERROR).count();
        double accounted = answered + process.deadLetterReasons().size() + process.count("flover.requests.duplicate");
        assertThat(accounted).isEqualTo(RECORDS + 1);
        assertThat(process.deadLetterReasons()).isNotEmpty().allSatisfy(reason -> assertThat(reason).isNotBlank());
        assertThat(answered).isGreaterThan(10);
        assertThat(process.engine.status().running()).isZero();
    }

    /// The bytes of a valid request, of one with some bytes changed, or random bytes. Never null, which would be a
    /// cancel.
    private static byte[] value(Random random, int number) {
        if (random.nextInt(5) == 0) {
            return bytes(random, 200);
        }
        byte[] value = SimulatedProcess.onTheWire(SimulatedProcess.request("r" + number, ">a few words")
                .setMaxTokens(20)
                .setStop(List.of("words"))
                .setMetadata(Map.of("key", "value"))
                .setSampling(Sampling.newBuilder().setLogitBias(List.of(new TokenBias(5, 1f))).build())
                .build());
        for (int changes = random.nextInt(4); changes > 0; changes--) {
            value[5 + random.nextInt(value.length - 5)] = (byte) random.nextInt(256);
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(value, random.nextInt(value.length + 20)) : value;
    }

    private static byte[] bytes(Random random, int most) {
        byte[] bytes = new byte[random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }
}
