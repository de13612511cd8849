package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.state.StoreNames;
import java.util.Locale;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A process whose state was written by a release with one more field in requests: `loud`, which asks for an answer in
/// capitals.
class OtherContractTest {
    private final RequestContract newer = RequestContract.of(new Schema.Parser().parse(
            GenerationRequest.getClassSchema().toString().replace("{\"name\":\"echo\"",
                    "{\"name\":\"loud\",\"type\":\"boolean\",\"default\":false},{\"name\":\"echo\"")),
            OtherContractTest::meaning);
    private final SimulatedProcess process = SimulatedProcess.of(1, 4);

    private static GenerationRequest meaning(GenericRecord said) {
        var request = RequestContract.request(said);
        return !(Boolean) said.get("loud") ? request : GenerationRequest.newBuilder(request)
                .setPrompt(request.getPrompt().toUpperCase(Locale.ROOT)).build();
    }

    private GenericRecord said(String id, String prompt, boolean loud) {
        var said = (GenericRecord) newer.read(request(id, prompt).build()).said();
        var copy = GenericData.get().deepCopy(said.getSchema(), said);
        copy.put("loud", loud);
        return copy;
    }

    private void restartAs(RequestContract contract) {
        process.contract = contract;
        process.crash();
    }

    @BeforeEach
    void aLoudRequestIsStoredByTheNewerRelease() {
        restartAs(newer);
        process.send(0, said("loud", ">a few words", true));
        process.send(0, said("plain", ">a few words", false));
        process.ticks(2);
        process.commit();
    }

    @Test
    void theReleaseThatKnowsTheFieldHonoursItThroughARestart() {
        restartAs(newer);
        process.settle();
        assertThat(process.text("loud", 0)).isEqualTo("A FEW WORDS");
        assertThat(process.text("plain", 0)).isEqualTo("a few words");
    }

    @Test
    void theReleaseThatDoesNotKnowItLeavesItStoredAndSaysSo() {
        restartAs(RequestContract.ofThisRelease());
        process.send(0, said("loud", ">a few words", true));        // sent again
        process.settle();
        assertThat(process.text("plain", 0)).isEqualTo("a few words");
        assertThat(process.chunks("loud")).as("what the newer one said").hasSize(1);
        assertThat(process.deadLetterReasons()).isEmpty();
        assertThat(process.meters.get("flover.generations.left").gauge().value()).isEqualTo(1);
        assertThat(process.left.sentence()).contains("1 unfinished requests", "request.loud");

        restartAs(newer);
        process.settle();
        assertThat(process.text("loud", 0)).isEqualTo("A FEW WORDS");
        assertThat(process.stored(0, StoreNames.REQUESTS)).isZero();
        assertThat(process.left.count()).isZero();
    }

    @Test
    void aCancelWaitsForTheReleaseThatKnowsTheRequest() {
        restartAs(RequestContract.ofThisRelease());
        process.cancel(0, "loud");
        process.settle();
        assertThat(process.chunks("loud")).as("what the newer one said").hasSize(1);

        restartAs(newer);
        process.settle();
        assertThat(process.result("loud").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
    }

    @Test
    void aRepeatOfWhatANewerReleaseAnsweredGetsThatAnswer() {
        process.settle();
        var answered = process.result("loud");
        restartAs(RequestContract.ofThisRelease());
        process.send(0, said("loud", ">a few words", true));
        process.settle();
        assertThat(process.results("loud")).containsOnly(answered);
        assertThat(process.count("flover.requests.repeated")).isEqualTo(1);
    }

    @Test
    void aRequestThatSetsAnUnknownFieldIsRejectedByName() {
        restartAs(RequestContract.ofThisRelease());
        process.send(0, said("new-loud", ">x", true));
        process.send(0, said("new-plain", ">x", false));
        process.settle();
        assertThat(process.result("new-loud").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(process.result("new-loud").getMessage()).contains("does not know these fields: loud");
        assertThat(process.text("new-plain", 0)).isEqualTo("x");
    }

    @Test
    void aRetryIsTheSameRequestWhateverSchemaItIsWrittenIn() {
        process.send(0, request("plain", ">a few words").build());
        process.settle();
        process.send(0, said("plain", ">a few words", false));
        process.settle();
        assertThat(process.deadLetterReasons()).isEmpty();
        assertThat(process.count("flover.requests.duplicate") + process.count("flover.requests.repeated")).isEqualTo(2);
    }
}
