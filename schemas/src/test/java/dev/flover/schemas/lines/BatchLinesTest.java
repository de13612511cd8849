package dev.flover.schemas.lines;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.lines.BatchLine.Bad;
import dev.flover.schemas.lines.BatchLine.Form;
import dev.flover.schemas.lines.BatchLine.Good;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchLinesTest {
    private static final String CHAT = "{\"custom_id\": \"%s\", \"method\": \"POST\", \"url\": "
            + "\"/v1/chat/completions\", \"body\": {\"model\": \"m\", \"messages\": [{\"role\": \"user\", "
            + "\"content\": \"Hello\"}], \"max_completion_tokens\": 7}}";
    private static final String COMPLETION = "{\"custom_id\": \"%s\", \"method\": \"POST\", \"url\": "
            + "\"/v1/completions\", \"body\": {\"prompt\": \"Hello\", \"temperature\": 0}}";

    private static List<BatchLine> read(InputStream in, int mostBytes) throws IOException {
        try (var lines = new BatchLines(in, "job", mostBytes)) {
            var all = new ArrayList<BatchLine>();
            for (var line = lines.next(); line != null; line = lines.next()) {
                all.add(line);
            }
            return all;
        }
    }

    private static List<BatchLine> read(String text) throws IOException {
        return read(new ByteArrayInputStream(text.getBytes(UTF_8)), BatchLines.MOST_BYTES);
    }

    private static Bad bad(BatchLine line) {
        assertThat(line).isInstanceOf(Bad.class);
        return (Bad) line;
    }

    private static Good good(BatchLine line) {
        assertThat(line).isInstanceOf(Good.class);
        return (Good) line;
    }

    @Test
    void theThreeFormsOfALineBecomeRequestsWithTheIdOfJobAndLine() throws IOException {
        var lines = read(CHAT.formatted("a") + "\n" + COMPLETION.formatted("b") + "\n"
                + "{\"prompt\": \"x\", \"top_k\": 3}\n{\"id\": 7, \"prompt_ids\": [1, 2]}\n");
        assertThat(lines).extracting(line -> good(line).request().getId())
                .containsExactly("job-1", "job-2", "job-3", "job-4");
        assertThat(lines).extracting(BatchLine::customId).containsExactly("a", "b", null, "7");
        assertThat(lines).extracting(line -> good(line).form())
                .containsExactly(Form.CHAT, Form.COMPLETION, Form.OWN, Form.OWN);
        assertThat(good(lines.get(0)).request().getMessages().getFirst().getContent()).isEqualTo("Hello");
        assertThat(good(lines.get(0)).request().getMaxTokens()).isEqualTo(7);
        assertThat(good(lines.get(1)).request().getSampling().getTemperature()).isZero();
        assertThat(good(lines.get(2)).request().getSampling().getTopK()).isEqualTo(3);
    }

    @Test
    void aByteOrderMarkAndWindowsLineEndsAreNotPartOfALine() throws IOException {
        var lines = read("\uFEFF" + CHAT.formatted("a") + "\r\n\r\n  \t\r\n" + CHAT.formatted("b") + "\r\n");
        assertThat(lines).extracting(BatchLine::customId).containsExactly("a", "b");
        assertThat(lines).extracting(BatchLine::number).containsExactly(1L, 4L);
    }

    @Test
    void theSecondLineOfACustomIdIsLeftOutAndTheFirstIsNot() throws IOException {
        var lines = read(CHAT.formatted("a") + "\n" + COMPLETION.formatted("a") + "\n" + CHAT.formatted("b"));
        assertThat(bad(lines.get(1))).extracting(Bad::code, Bad::number, Bad::customId)
                .containsExactly("duplicate_custom_id", 2L, "a");
        good(lines.get(0));
        good(lines.get(2));
    }

    @Test
    void eachWrongLineHasAReasonAndTheLinesAroundItAreRead() throws IOException {
        var wrong = List.of("nonsense", "[1]", "{\"custom_id\": 3}", "{\"custom_id\": \"c\", \"method\": \"GET\"}",
                "{\"custom_id\": \"d\", \"method\": \"POST\", \"url\": \"/v1/embeddings\", \"body\": {}}",
                "{\"custom_id\": \"e\", \"method\": \"POST\", \"url\": \"/v1/completions\", \"body\": 4}",
                "{\"custom_id\": \"f\", \"method\": \"POST\", \"url\": \"/v1/completions\", "
                        + "\"body\": {\"messages\": []}}",
                "{\"custom_id\": \"g\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {}}",
                "{\"prompt\": \"x\", \"tempreature\": 1}", "{\"prompt\": \"x\"} {}",
                "{\"prompt\": \"x\", \"prompt\": \"y\"}");
        for (String each : wrong) {
            var lines = read(COMPLETION.formatted("first") + "\n" + each + "\n" + COMPLETION.formatted("last"));
            good(lines.get(0));
            var reason = bad(lines.get(1));
            assertThat(reason.number()).isEqualTo(2);
            assertThat(reason.message()).as(each).isNotBlank().doesNotContain("line 1");
            good(lines.get(2));
        }
    }

    @Test
    void bytesThatAreNotUtf8MakeOnlyTheirLineWrong() throws IOException {
        var in = new SequenceInputStream(Collections.enumeration(List.of(
                new ByteArrayInputStream((CHAT.formatted("a") + "\n").getBytes(UTF_8)),
                new ByteArrayInputStream((CHAT.formatted("\u00e9") + "\n").getBytes(ISO_8859_1)),
                new ByteArrayInputStream(CHAT.formatted("\u00e9").getBytes(UTF_8)))));
        var lines = read(in, BatchLines.MOST_BYTES);
        good(lines.get(0));
        assertThat(bad(lines.get(1)).code()).isEqualTo("invalid_utf8");
        assertThat(good(lines.get(2)).customId()).isEqualTo("\u00e9");
    }

    @Test
    void aFileThatIsCutOffAnywhereYieldsItsWholeLinesAndOneReason() throws IOException {
        String text = COMPLETION.formatted("a") + "\n" + COMPLETION.formatted("b");
        int second = text.indexOf('\n') + 1;
        for (int end = second + 1; end < text.length(); end++) {
            var lines = read(text.substring(0, end));
            good(lines.get(0));
            assertThat(bad(lines.get(1)).message()).contains("cut off");
        }
        good(read(text).get(1));
    }

    @Test
    void aLineBeyondTheLimitIsReadPastAndOneAtTheLimitIsRead() throws IOException {
        String fitting = COMPLETION.formatted("a");
        int most = fitting.length();
        for (String end : List.of("\n", "\r\n", "")) {
            for (int more = 0; more <= 5; more++) {
                String line = fitting + " ".repeat(more) + end;
                var lines = read(new ByteArrayInputStream(("\uFEFF" + line).getBytes(UTF_8)), most);
                if (more == 0) {
                    good(lines.getFirst());
                } else {
                    assertThat(bad(lines.getFirst()).code()).as(more + " more").isEqualTo("line_too_long");
                }
            }
        }
        String vast = "{\"prompt\": \"" + "x".repeat(10_000_000) + "\"}";
        assertThat(good(read(vast + "\n" + fitting).get(0)).request().getPrompt()).hasSize(10_000_000);
        good(read(new ByteArrayInputStream((vast + "\n" + fitting).getBytes(UTF_8)), most).get(1));
    }

    @Test
    void idsAreToldApartWhileTheTableGrows() {
        var seen = new SeenIds();
        for (int i = 0; i < 10_000; i++) {
            assertThat(seen.add("id-" + i)).isTrue();
        }
        for (int i = 0; i < 10_000; i++) {
            assertThat(seen.add("id-" + i)).isFalse();
        }
        assertThat(seen.size()).isEqualTo(10_000);
    }

    @Test
    void anErrorHasOpenAisForm() {
        assertThat(new BatchError("job-17", 17, "a", "invalid_url", "m").json()).hasToString("{\"id\":\"job-17\","
                + "\"custom_id\":\"a\",\"response\":null,\"error\":{\"code\":\"invalid_url\",\"message\":\"m\","
                + "\"param\":null,\"line\":17}}");
    }
}
