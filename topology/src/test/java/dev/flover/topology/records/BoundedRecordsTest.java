package dev.flover.topology.records;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.junit.jupiter.api.Test;

class BoundedRecordsTest {
    private static final int LIMIT = 1000;
    private static final ReturnedHeaders.Rules RULES = new ReturnedHeaders.Rules(Set.of());

    private final RecordHeaders headers = new RecordHeaders();

    @Test
    void aValueWithinTheLimitPassesAsItIs() {
        byte[] value = new byte[LIMIT];
        assertThat(values().deserialize("t", headers, ByteBuffer.wrap(value))).isEqualTo(value);
        assertThat(BoundedRecords.cutFrom(headers)).isNull();
    }

    @Test
    void ofALongerValueTheBeginningItsLengthAndADigestOfAllRemain() {
        byte[] value = new byte[5 * LIMIT];
        new Random(1).nextBytes(value);
        assertThat(values().deserialize("t", headers, ByteBuffer.wrap(value))).hasSize(LIMIT);
        assertThat(BoundedRecords.cutFrom(headers)).isEqualTo(value.length);
        assertThat(BoundedRecords.digest(headers)).isEqualTo(RequestDigest.of(value));
    }

    @Test
    void whatAProducerSaysOfACutIsNotBelieved() {
        headers.add(BoundedRecords.CUT_FROM, "no number".getBytes(StandardCharsets.UTF_8));
        headers.add(BoundedRecords.CUT_DIGEST, null);
        values().deserialize("t", headers, ByteBuffer.allocate(1));
        assertThat(headers).isEmpty();
    }

    @Test
    void headersAreBoundedAlsoOfARecordWithoutValueAndThoseThatComeBackRemain() {
        for (int i = 0; i < 100; i++) {
            headers.add("h" + i, new byte[100_000]);
        }
        headers.add("null", null);
        headers.add(TraceParent.HEADER, "00-ab".getBytes(StandardCharsets.UTF_8));
        headers.add("ce_id", "7".getBytes(StandardCharsets.UTF_8));
        BoundedRecords.keys(RULES::isNeeded).deserialize("t", headers, ByteBuffer.allocate(3));
        int size = 0;
        for (var header : headers) {
            size += BoundedRecords.sizeOf(header);
        }
        assertThat(size).isLessThanOrEqualTo(BoundedRecords.MAX_HEADER_BYTES);
        assertThat(TraceParent.of(headers)).isEqualTo("00-ab");
        assertThat(headers.lastHeader("ce_id").value()).asString().isEqualTo("7");
    }

    private static Deserializer<byte[]> values() {
        return BoundedRecords.values(LIMIT, RULES::isNeeded);
    }
}
