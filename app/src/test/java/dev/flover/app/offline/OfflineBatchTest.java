package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `generate --requests FILE --out OUT`.
class OfflineBatchTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String TOO_LONG = "{\"id\": \"long\", \"prompt\": \"" + "word ".repeat(2000) + "\"}";

    @TempDir
    Path folder;

    private static String line(int number) {
        return ("{\"id\": \"r%d\", \"prompt\": \"The lady number %d\", \"max_tokens\": %d, \"temperature\": 0.9, "
                + "\"seed\": %d}").formatted(number, number, 2 + number % 5, number);
    }

    private Console generate(Path file, String... options) {
        var arguments = new ArrayList<>(List.of("generate", "--requests", file.toString()));
        arguments.addAll(List.of(options));
        return Console.run(arguments.toArray(String[]::new));
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        var lines = new ArrayList<JsonNode>();
        for (String line : Files.readAllLines(file)) {
            lines.add(MAPPER.readTree(line));
        }
        return lines;
    }

    @Test
    void wrongLinesAreNamedAndAllOthersGetTheTokensThatTheyGetWithoutAFile() throws IOException {
        var right = new ArrayList<String>();
        for (int i = 0; i < 20; i++) {
            right.add(line(i));
        }
        var all = new ArrayList<>(right);
        all.add(7, TOO_LONG);
        all.add(3, "nonsense");
        all.add(line(5));
        var file = Files.writeString(folder.resolve("in.jsonl"), String.join("\r\n", all));
        var out = folder.resolve("out.jsonl");
        var said = generate(file, "--out", out.toString(), "--order", "input", "--json", "--max-sequences", "4");
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(MAPPER.readTree(said.out()).get("answered").asInt()).isEqualTo(20);

        assertThat(lines(folder.resolve("out.jsonl.errors")))
                .extracting(error -> error.get("error").get("line").asInt()).containsExactlyInAnyOrder(4, 9, 23);
        var plain = Files.writeString(folder.resolve("plain.jsonl"), String.join("\n", right));
        var expected = new HashMap<String, JsonNode>();
        for (String answer : generate(plain, "--json").out().strip().split("\n")) {
            var read = MAPPER.readTree(answer);
            expected.put(read.get("id").textValue(), read);
        }
        var answers = lines(out);
        assertThat(answers).extracting(answer -> answer.get("id").textValue())
                .containsExactlyElementsOf(right.stream().map(OfflineBatchTest::id).toList());
        for (var answer : answers) {
            var same = expected.get(answer.get("id").textValue());
            assertThat(answer.get("token_ids")).isEqualTo(same.get("token_ids"));
            assertThat(answer.get("text")).isEqualTo(same.get("text"));
        }
        assertThat(generate(file).err()).contains("With --out FILE, all other lines are answered");
    }

    private static String id(String line) {
        try {
            return MAPPER.readTree(line).get("id").textValue();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aJobThatWasStoppedGoesOnAndEndsWithTheSameLines() throws IOException {
        var all = new ArrayList<String>();
        for (int i = 0; i < 30; i++) {
            all.add(i == 20 ? TOO_LONG : line(i));
        }
        var file = Files.writeString(folder.resolve("in.jsonl"), String.join("\n", all));
        var whole = folder.resolve("whole.jsonl");
        assertThat(generate(file, "--out", whole.toString()).code()).isZero();

        var out = folder.resolve("out.jsonl");
        var stopped = generate(file, "--out", out.toString(), "--max-errors", "0", "--max-sequences", "2");
        assertThat(stopped.err()).contains("stopped, because 1 of 30 lines failed");
        assertThat(stopped.code()).isEqualTo(1);
        assertThat(Files.readAllLines(out).size()).isBetween(1, 28);
        Files.writeString(out, "{\"half", StandardOpenOption.APPEND);
        assertThat(generate(file, "--out", out.toString(), "--max-sequences", "2").code()).isZero();
        assertThat(Files.readAllLines(out)).containsExactlyInAnyOrderElementsOf(Files.readAllLines(whole));
    }

    @Test
    void optionsThatContradictEachOtherAreNamed() throws IOException {
        var file = Files.writeString(folder.resolve("in.jsonl"), line(1));
        var out = folder.resolve("out.jsonl").toString();
        assertThat(generate(file, "--out", out, "--max-tokens", "3").err()).contains("from the lines");
        assertThat(generate(file, "--out", folder.resolve("none").resolve("out").toString()).err())
                .contains("there is no folder");
        assertThat(Console.run("generate", "--prompt", "x", "--out", out).err())
                .contains("--out needs --requests");
    }
}
