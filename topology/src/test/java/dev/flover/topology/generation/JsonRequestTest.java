package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

/// Requests in JSON on the requests topic.
class JsonRequestTest {
    private final SimulatedProcess process = SimulatedProcess.of(1, 4);

    private void send(String key, String json) {
        process.send(0, key == null ? null : key.getBytes(UTF_8), json.getBytes(UTF_8), new RecordHeaders());
    }

    @Test
    void theyAreAnsweredAlsoThroughACrash() {
        send("a", "{\"prompt\": \">a few words\"}");
        process.ticks(2);
        process.commit();
        process.crash();
        process.settle();
        assertThat(process.text("a", 0)).isEqualTo("a few words");
    }

    @Test
    void oneWithoutAKeyIsNamedByItsPlace() {
        send("a", "{\"prompt\": \">x\"}");
        send(null, "{\"prompt\": \">unnamed\"}");
        process.settle();
        assertThat(process.text(process.config.topics().requests() + "-0-1", 0)).isEqualTo("unnamed");
    }

    @Test
    void theSameRequestInAvroIsARepeat() {
        send("a", "{\"prompt\": \">x\"}");
        process.settle();
        process.send(0, request("a", ">x").build());
        process.settle();
        assertThat(process.deadLetterReasons()).isEmpty();
        assertThat(process.count("flover.requests.repeated")).isEqualTo(1);
    }

    @Test
    void whatIsNoRequestIsRejectedWithTheFieldAndHoldsNobodyUp() {
        send("number", "{\"prompt\": 5}");
        send("broken", "{\"prompt\": ");
        send("other-id", "{\"id\": \"x\", \"prompt\": \">x\"}");
        send("good", "{\"prompt\": \">x\"}");
        process.settle();
        assertRejected("number", "prompt must be a string, was 5");
        assertRejected("broken", "expected one JSON object");
        assertRejected("other-id", "id must equal the record's key 'other-id', was 'x'");
        assertThat(process.text("good", 0)).isEqualTo("x");
    }

    private void assertRejected(String id, String message) {
        assertThat(process.result(id).getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(process.result(id).getMessage()).contains(message);
    }
}
