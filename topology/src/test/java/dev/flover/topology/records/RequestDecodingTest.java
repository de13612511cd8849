package dev.flover.topology.records;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import dev.flover.schemas.serdes.UndecodableRecordException;
import dev.flover.schemas.serdes.UnknownSchemaException;
import dev.flover.topology.records.RequestDecoding.Decoded;
import dev.flover.topology.records.RequestDecoding.Readers;
import java.time.Duration;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.Test;

class RequestDecodingTest {
    private static final byte[] ONE = {0, 0, 0, 0, 7, 1};
    private static final byte[] OTHER = {0, 0, 0, 0, 7, 2};
    private static final ReadRequest REQUEST = ReadRequest.of(
            GenerationRequest.newBuilder().setId("a").setSampling(Sampling.newBuilder().build()).build());

    private RuntimeException answer;
    private int asked;
    private final Deserializer<ReadRequest> registry = (topic, bytes) -> {
        asked++;
        if (answer != null) {
            throw answer;
        }
        return REQUEST;
    };
    private final RequestDecoding decoding = new RequestDecoding(
            "requests", new Readers((topic, bytes) -> REQUEST, registry), null, null, Runnable::run,
            Duration.ofSeconds(5));

    private static Decoded decode(RequestDecoding decoding, byte[] bytes, boolean mayWait, long now) {
        var record = new RequestRecord("requests", 0, 0, 0, new RecordHeaders(), null, bytes);
        return decoding.decode(SchemaName.of(record), bytes, mayWait, now);
    }

    @Test
    void theRegistryIsAskedOnceForAllRecordsThatNameOneSchema() {
        answer = new UnknownSchemaException("Schema 7 not found", null);
        for (int i = 0; i < 100; i++) {
            assertThat(decode(decoding, i % 2 == 0 ? ONE : OTHER, true, 0)).isInstanceOf(Decoded.Later.class);
        }
        assertThat(asked).isOne();
    }

    @Test
    void onlyNoSuchSchemaForTheSettableTimeIsFinal() {
        answer = new UnknownSchemaException("Schema 7 not found", null);
        long now = 0;
        for (; now < 5_000; now += 100) {
            assertThat(decode(decoding, ONE, true, now)).isInstanceOf(Decoded.Later.class);
        }
        for (; now < 7_000 && decode(decoding, ONE, true, now) instanceof Decoded.Later; now += 100) {
            // the registry is asked once more when the time is over
        }
        assertThat(decode(decoding, ONE, true, now)).isInstanceOfSatisfying(Decoded.Undecodable.class,
                undecodable -> assertThat(undecodable.reason()).contains("Schema 7 not found"));
    }

    @Test
    void aSchemaThatALaggingFollowerHearsOfInTimeIsRead() {
        answer = new UnknownSchemaException("Schema 7 not found", null);
        assertThat(decode(decoding, ONE, true, 0)).isInstanceOf(Decoded.Later.class);
        answer = null;
        assertThat(decode(decoding, ONE, true, 4_000)).isInstanceOf(Decoded.Request.class);
    }

    @Test
    void aRegistryThatDoesNotAnswerIsWaitedForWithoutAnEnd() {
        answer = new RegistryUnavailableException("404 from an ingress", null);
        for (long now = 0; now < 3_600_000; now += 1_000) {
            assertThat(decode(decoding, ONE, true, now)).isInstanceOf(Decoded.Later.class);
        }
        assertThat(asked).isLessThan(400);
    }

    @Test
    void whereTooMuchWaitsAnUnknownSchemaIsFinalAtOnce() {
        answer = new UnknownSchemaException("Schema 7 not found", null);
        assertThat(decode(decoding, ONE, true, 0)).isInstanceOf(Decoded.Later.class);
        assertThat(decode(decoding, ONE, false, 1)).isInstanceOf(Decoded.Undecodable.class);
    }

    @Test
    void bytesThatCannotBeReadSayNothingOfOthers() {
        answer = new UndecodableRecordException("cut short");
        assertThat(decode(decoding, ONE, true, 0)).isInstanceOf(Decoded.Undecodable.class);
        answer = null;
        assertThat(decode(decoding, OTHER, true, 0)).isInstanceOf(Decoded.Request.class);
    }

    @Test
    void whatIsNoRegistryFormatIsNeverAskedFor() {
        var plain = new RequestDecoding("requests", new Readers((topic, bytes) -> {
            throw new SerializationException("Unknown magic byte!");
        }, registry), null, null, Runnable::run, Duration.ofSeconds(5));
        assertThat(decode(plain, new byte[] {9, 9, 9, 9, 9, 9}, true, 0)).isInstanceOf(Decoded.Undecodable.class);
        assertThat(asked).isZero();
    }
}
