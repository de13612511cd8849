package dev.flover.topology.generation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

/// Headers of a request's record on the records of its answer.
class ReturnedHeadersTest {
    private static final Map<String, String> EVENT = Map.of("traceparent", "00-trace-span-01", "tracestate", "a=1",
            "ce_specversion", "1.0", "ce_id", "order-7", "ce_source", "/shop", "ce_type", "shop.asked", "ce_time",
            "2026-01-01T00:00:00Z", "ce_subject", "cats", "ce_dataschema", "/schemas/7", "x-shop", "north");
    private static final int SLOTS = 4;

    private final SimulatedProcess process = process();

    private static SimulatedProcess process() {
        var config = SimulatedProcess.config().with(RequestLimits.standard().withHeaders(Set.of("x-shop")));
        return new SimulatedProcess(config, 1, SLOTS, () -> new ScriptedEngine(SLOTS, "scripted"));
    }

    private static Headers headers(Map<String, String> named) {
        var headers = new RecordHeaders();
        new TreeMap<>(named).forEach((name, value) -> headers.add(name, value.getBytes(UTF_8)));
        return headers;
    }

    private static void send(SimulatedProcess process, GenerationRequest request, Headers headers) {
        process.send(0, request.getId().getBytes(UTF_8), SimulatedProcess.onTheWire(request), headers);
    }

    private static GenerationRequest request(String id) {
        return SimulatedProcess.request(id, ">one two three").build();
    }

    private static List<Record<?, ?>> answers(SimulatedProcess process) {
        return Stream.of(PipelineTopology.TOKENS_SINK, PipelineTopology.RESULTS_SINK)
                .flatMap(sink -> process.records(sink).stream()).toList();
    }

    private static String header(Record<?, ?> record, String name) {
        var header = record.headers().lastHeader(name);
        return header == null ? null : new String(header.value(), UTF_8);
    }

    @Test
    void everyRecordOfAnAnswerHasThemAndIsAnEventOfItsOwn() {
        send(process, request("a"), headers(EVENT));
        process.ticks(3);
        process.commit();
        process.crash();
        process.settle();
        assertThat(answers(process)).hasSizeGreaterThan(3).allSatisfy(record -> {
            assertThat(header(record, "traceparent")).isEqualTo("00-trace-span-01");
            assertThat(header(record, "tracestate")).isEqualTo("a=1");
            assertThat(header(record, "x-shop")).isEqualTo("north");
            assertThat(header(record, "ce_specversion")).isEqualTo("1.0");
            assertThat(header(record, "ce_subject")).isEqualTo("cats");
            assertThat(header(record, "ce_source")).isEqualTo("flover:generation-requests");
            assertThat(header(record, "ce_causationid")).isEqualTo("order-7");
            assertThat(header(record, "ce_time")).startsWith("1970-01-01T00:");
            assertThat(header(record, "ce_dataschema")).isNull();
        });
        assertThat(process.records(PipelineTopology.TOKENS_SINK)).allSatisfy(record ->
                assertThat(header(record, "ce_type")).isEqualTo("dev.flover.chunk"));
        var result = process.records(PipelineTopology.RESULTS_SINK).getFirst();
        assertThat(header(result, "ce_type")).isEqualTo("dev.flover.result");
        assertThat(header(result, "ce_id")).isEqualTo("a/result");
        assertThat(eventIds(process)).doesNotHaveDuplicates().contains("a/0/0").allMatch(id -> id.startsWith("a/"));
    }

    private static List<String> eventIds(SimulatedProcess process) {
        return answers(process).stream().map(record -> header(record, "ce_id")).toList();
    }

    @Test
    void whatIsComputedAgainHasTheSameNames() {
        var undisturbed = process();
        send(undisturbed, request("a"), headers(EVENT));
        undisturbed.settle();
        send(process, request("a"), headers(EVENT));
        process.ticks(4);
        process.crash();        // before anything was committed
        process.settle();
        assertThat(eventIds(process)).isEqualTo(eventIds(undisturbed));
    }

    @Test
    void aRequestWithoutThemGetsNone() {
        send(process, request("a"), headers(Map.of("other", "x")));
        process.settle();
        assertThat(answers(process)).allSatisfy(record -> assertThat(record.headers()).isEmpty());
    }

    @Test
    void aRepeatIsTheSameRequestWhateverItsHeadersAndGetsItsOwn() {
        send(process, request("a"), headers(EVENT));
        process.settle();
        int before = answers(process).size();
        var first = new ArrayList<>(eventIds(process));
        var second = new TreeMap<>(EVENT);
        second.put("traceparent", "00-other-span-01");
        second.put("ce_id", "order-8");
        second.remove("x-shop");
        send(process, request("a"), headers(second));
        process.settle();
        assertThat(process.deadLetterReasons()).isEmpty();
        var repeated = process.records(PipelineTopology.TOKENS_SINK).getLast();
        assertThat(process.chunks("a").getLast().getRepeat()).isTrue();
        assertThat(header(repeated, "ce_id")).isEqualTo("a/0/0/repeat/1");
        assertThat(first).doesNotContain("a/0/0/repeat/1");
        var again = process.records(PipelineTopology.RESULTS_SINK).getLast();
        assertThat(process.records(PipelineTopology.RESULTS_SINK)).hasSize(2);
        assertThat(header(again, "ce_id")).as("the same result").isEqualTo("a/result");
        assertThat(answers(process)).hasSizeGreaterThan(before);
        assertThat(List.of(repeated, again)).allSatisfy(record -> {
            assertThat(header(record, "traceparent")).isEqualTo("00-other-span-01");
            assertThat(header(record, "ce_causationid")).isEqualTo("order-8");
            assertThat(header(record, "x-shop")).isNull();
        });
    }

    @Test
    void rejectionsAndRefusalsHaveThemToo() {
        send(process, SimulatedProcess.request("a", ">x").setAnswers(99).build(), headers(EVENT));
        send(process, request("b"), headers(Map.of()));
        process.settle();
        send(process, SimulatedProcess.request("b", ">another").build(), headers(EVENT));
        process.settle();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        var chunks = process.records(PipelineTopology.TOKENS_SINK);
        assertThat(header(chunks.getFirst(), "ce_id")).isEqualTo("a/0/0");
        assertThat(header(chunks.getLast(), "ce_id")).isEqualTo("b/0/0/refused/0/2");
        assertThat(header(chunks.getLast(), "tracestate")).isEqualTo("a=1");
        var deadLetter = process.records(PipelineTopology.DEAD_LETTERS_SINK).getFirst();
        assertThat(header(deadLetter, "ce_id")).as("the request's own event").isEqualTo("order-7");
    }

    @Test
    void moreThanTheLimitsAllowIsRejected() {
        var many = new TreeMap<String, String>();
        for (int i = 0; i < 17; i++) {
            many.put("ce_x" + (char) ('a' + i), "1");
        }
        send(process, request("many"), headers(many));
        send(process, request("large"), headers(Map.of("ce_large", "x".repeat(4100))));
        many.remove("ce_xa");
        send(process, request("most"), headers(many));
        process.settle();
        assertThat(process.result("many").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(process.result("many").getMessage()).contains("at most 16", "were 17 of", "return-headers");
        assertThat(process.result("large").getMessage()).contains("at most 4096 bytes", "were 1 of 4108 bytes");
        assertThat(process.result("most").getFinishReason()).isEqualTo(FinishReason.STOP);
    }
}
