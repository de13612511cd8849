package dev.flover.topology.generation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.config.PipelineConfig.Remembering;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.records.DeadLetter;
import dev.flover.topology.state.StoreNames;
import dev.flover.topology.streams.OtherTopics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

/// Results on the reply topics that requests name.
class RepliesTest {
    private static final int SLOTS = 4;
    private static final Pattern ALLOWED = Pattern.compile("replies.*|gone|small|test-.*|__.*|generation-.*");

    private final SimulatedProcess process = process(ALLOWED);

    private static SimulatedProcess process(Pattern allowed) {
        var config = SimulatedProcess.config()
                .with(RequestLimits.standard().with(new Mentions(null, null, allowed)))
                .with(new Remembering(Duration.ofDays(1), Duration.ofMinutes(1), 1000, 100));
        var process = new SimulatedProcess(config, 1, SLOTS, () -> new ScriptedEngine(SLOTS, "scripted"));
        process.topics.put("replies", 100_000);
        process.topics.put("replies-2", 100_000);
        process.topics.put("small", 100);
        return process;
    }

    private static Headers headers(Consumer<Headers> change) {
        var headers = new RecordHeaders().add("kafka_replyTopic", "replies".getBytes(UTF_8))
                .add("kafka_correlationId", new byte[] {0, 1, (byte) 0xFF});
        change.accept(headers);
        return headers;
    }

    private void send(GenerationRequest request, Headers headers) {
        process.send(0, request.getId().getBytes(UTF_8), SimulatedProcess.onTheWire(request), headers);
    }

    private static GenerationRequest.Builder request(String id) {
        return SimulatedProcess.request(id, ">one two three");
    }

    private List<Record<?, ?>> replies() {
        return process.records(PipelineTopology.FOREIGN_SINK);
    }

    private static GenerationResult result(Record<?, ?> reply) {
        try {
            return new SpecificDatumReader<>(GenerationResult.class).read(null, DecoderFactory.get()
                    .binaryDecoder(((Outgoing.Addressed) reply.value()).bytes(), null));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] header(Record<?, ?> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? null : header.value();
    }

    @Test
    void theResultIsSentToTheTopicWithTheCorrelationId() {
        send(request("a").build(), headers(h -> h.add("traceparent", "00-ab".getBytes(UTF_8))));
        process.settle();
        assertThat(replies()).hasSize(1);
        var reply = replies().getFirst();
        assertThat(((Outgoing.Addressed) reply.value()).topic()).isEqualTo("replies");
        assertThat((byte[]) reply.key()).asString().isEqualTo("a");
        assertThat(result(reply)).isEqualTo(process.result("a"));
        assertThat(header(reply, "kafka_correlationId")).containsExactly(0, 1, 0xFF);
        assertThat(header(reply, "traceparent")).asString().isEqualTo("00-ab");
        assertThat(header(reply, OtherTopics.MARK)).isEmpty();
        assertThat(process.records(PipelineTopology.TOKENS_SINK)).allSatisfy(chunk ->
                assertThat(header(chunk, "kafka_correlationId")).hasSize(3));
    }

    @Test
    void aReplyOutlivesARestartAndGoesToThePartitionThatIsNamed() {
        send(request("a").build(), headers(h -> h.add("kafka_replyPartition", new byte[] {0, 0, 0, 1})));
        process.ticks(3);
        process.commit();
        process.crash();
        process.settle();
        assertThat(replies()).hasSize(1);
        assertThat(header(replies().getFirst(), OtherTopics.MARK)).containsExactly(0, 0, 0, 1);
    }

    @Test
    void plainNamesMeanTheSame() {
        send(request("a").build(), new RecordHeaders().add("reply-topic", "replies-2".getBytes(UTF_8))
                .add("reply-partition", "1".getBytes(UTF_8)).add("correlation-id", "c".getBytes(UTF_8)));
        process.settle();
        assertThat(((Outgoing.Addressed) replies().getFirst().value()).topic()).isEqualTo("replies-2");
        assertThat(header(replies().getFirst(), "correlation-id")).asString().isEqualTo("c");
        assertThat(header(replies().getFirst(), OtherTopics.MARK)).containsExactly(0, 0, 0, 1);
    }

    @Test
    void whatCannotBeRepliedToIsRejectedBeforeItIsComputed() {
        assertThat(rejection(named("elsewhere"))).contains("the reply topic 'elsewhere' may not be named here",
                "reply-topics allows " + ALLOWED);
        for (var own : List.of("generation-tokens", "test-requests-changelog", "__consumer_offsets")) {
            assertThat(rejection(named(own))).contains("one of the pipeline's own topics");
        }
        assertThat(rejection(named("gone"))).isEqualTo("the reply topic 'gone' does not exist");
        assertThat(rejection(named("small"))).contains("the reply topic 'small' takes records of 100 bytes");
        assertThat(rejection(headers(h -> h.add("kafka_replyPartition", new byte[] {0, 0, 0, 2}))))
                .isEqualTo("the reply topic 'replies' has the partitions 0 to 1, and not 2");
        assertThat(rejection(headers(h -> h.add("kafka_replyPartition", "1".getBytes(UTF_8)))))
                .isEqualTo("the header kafka_replyPartition must be a partition's number in 4 bytes, found 1 bytes");
        assertThat(rejection(headers(h -> h.add("kafka_replyPartition", new byte[] {-1, -1, -1, -1}))))
                .endsWith("found -1");
        assertThat(rejection(headers(h -> h.add("reply-topic", "replies".getBytes(UTF_8)))))
                .contains("at most one may be set");
        assertThat(rejection(new RecordHeaders().add("reply-topic", new byte[] {(byte) 0xFF}))).contains("UTF-8");
        assertThat(replies()).isEmpty();
    }

    private static Headers named(String topic) {
        return new RecordHeaders().add("reply-topic", topic.getBytes(UTF_8));
    }

    private String rejection(Headers headers) {
        String id = "r" + process.records(PipelineTopology.RESULTS_SINK).size();
        send(request(id).build(), headers);
        process.settle();
        assertThat(process.result(id).getFinishReason()).isEqualTo(FinishReason.REJECTED);
        return process.result(id).getMessage();
    }

    @Test
    void withoutTheSettingNoTopicMayBeNamed() {
        var closed = process(null);
        closed.send(0, "a".getBytes(UTF_8), SimulatedProcess.onTheWire(request("a").build()), headers(h -> { }));
        closed.settle();
        assertThat(closed.result("a").getMessage()).endsWith("the pipeline's setting reply-topics allows none");
    }

    @Test
    void rejectionsAndRefusalsAreSentToo() {
        send(request("a").setAnswers(99).build(), headers(h -> { }));
        process.send(0, "b".getBytes(UTF_8), "{\"promt\": 1}".getBytes(UTF_8), headers(h -> { }));
        send(request("c").build(), new RecordHeaders());
        process.settle();
        send(request("c").setPrompt("another").build(), headers(h -> { }));
        process.cancel(0, "d");
        process.settle();
        send(request("d").build(), headers(h -> { }));
        process.settle();
        assertThat(replies()).extracting(reply -> result(reply).getRequestId()).containsExactly("a", "b", "c", "d");
        assertThat(replies()).extracting(reply -> result(reply).getFinishReason()).containsExactly(
                FinishReason.REJECTED, FinishReason.REJECTED, FinishReason.REJECTED, FinishReason.CANCELLED);
        assertThat(result(replies().get(1)).getMessage()).contains("promt");
        assertThat(result(replies().get(2)).getMessage()).contains("different request");
        assertThat(process.result("c").getFinishReason()).as("the first one").isEqualTo(FinishReason.STOP);
    }

    @Test
    void aRepeatAndAnEqualRequestAreRepliedToWhereTheyAsk() {
        var seeded = request("a").setSeed(7L);
        send(seeded.build(), headers(h -> { }));
        process.settle();
        send(seeded.build(), named("replies-2"));
        process.settle();
        send(seeded.setId("b").build(), named("replies-2"));
        process.settle();
        assertThat(replies()).extracting(reply -> ((Outgoing.Addressed) reply.value()).topic())
                .containsExactly("replies", "replies-2", "replies-2");
        assertThat(result(replies().get(1))).as("byte for byte").isEqualTo(result(replies().get(0)));
        assertThat(header(replies().get(1), "kafka_correlationId")).isNull();
        assertThat(result(replies().get(2)).getCached()).isTrue();
        send(seeded.build(), new RecordHeaders());
        process.settle();
        assertThat(replies()).as("a repeat that names no topic").hasSize(3);
    }

    @Test
    void aTopicThatIsLostMeanwhileCostsTheReplyAndTheChunkSaysSo() {
        send(request("a").build(), headers(h -> { }));
        process.ticks(3);
        process.commit();
        process.topics.remove("replies");
        process.settle();
        String message = "the result was not sent to the reply topic, but put on generation-dead-letters: the reply "
                + "topic 'replies' does not exist";
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(process.result("a").getMessage()).isEqualTo(message);
        assertThat(process.chunks("a").getLast().getFinish().getMessage()).isEqualTo(message);
        assertThat(replies()).isEmpty();
        var letter = process.records(PipelineTopology.DEAD_LETTERS_SINK).getFirst();
        assertThat(header(letter, DeadLetter.MEANT_FOR)).asString().isEqualTo("replies");
        assertThat(header(letter, "kafka_correlationId")).hasSize(3);
        assertThat(ByteBuffer.wrap((byte[]) letter.value())).as("the result").isEqualTo(ByteBuffer.wrap(
                SimulatedProcess.binary(process.result("a"), GenerationResult.getClassSchema())));
    }

    @Test
    void aResultThatIsTooLargeForItsTopicIsPutAside() {
        process.topics.put("replies", 9_000);
        send(SimulatedProcess.request("a", ">" + "long ".repeat(300)).setAnswers(3).build(), headers(h -> { }));
        process.settle();
        assertThat(process.chunks("a").getLast().getFinish().getMessage())
                .contains("'replies' takes records of 9000 bytes, and this one has");
        assertThat(process.deadLetterReasons()).hasSize(1);
    }

    @Test
    void aCancelIsRepliedToAlsoWhileTheTopicIsLookedUp() {
        send(request("a").build(), named("gone"));
        process.tick();
        assertThat(process.stored(0, StoreNames.PARKED)).isEqualTo(1);
        process.cancel(0, "a");
        process.settle();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        send(request("b").build(), headers(h -> { }));
        process.ticks(2);
        process.cancel(0, "b");
        process.settle();
        assertThat(result(replies().getLast()).getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(result(replies().getLast()).getRequestId()).isEqualTo("b");
    }
}
