package dev.flover.tests.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.app.Main;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The options of `submit`, compared with the records that they make.
class SubmitStoryTest {
    private static final String PROMPT = "The old house\nwas";

    @RegisterExtension
    static final RunningPipeline PIPELINE = new RunningPipeline();

    @TempDir
    private Path folder;

    private record Said(int code, String out, String err) {}

    private static Said submit(String... arguments) throws InterruptedException {
        var all = new ArrayList<>(List.of("submit", "--bootstrap-servers", PIPELINE.broker(),
                "--schema-registry-url", PIPELINE.registry(), "--max-tokens", "12", "--temperature", "0",
                "--ignore-eos"));
        all.addAll(List.of(arguments));
        var out = new StringWriter();
        var err = new StringWriter();
        int code = Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
        return new Said(code, out.toString(), err.toString());
    }

    private static JsonNode result(String id) throws Exception {
        return PIPELINE.result(result -> result.get("request_id").asText().equals(id));
    }

    @Test
    void thePromptIsAnArgumentAFileOrStandardInput() throws Exception {
        var file = Files.writeString(folder.resolve("prompt.txt"), PROMPT + "\n");
        var argument = submit("--id", "by-argument", PROMPT);
        var fromFile = submit("--id", "by-file", "--prompt-file", file.toString());
        var in = System.in;
        System.setIn(new ByteArrayInputStream((PROMPT + "\n").getBytes(UTF_8)));
        var fromInput = submit("--id", "by-input", "-");
        System.setIn(in);

        assertThat(argument.out()).isEqualTo(result("by-argument").get("text").asText() + "\n");
        assertThat(List.of(fromFile.out(), fromInput.out())).containsOnly(argument.out());
        assertThat(argument.err()).isEqualTo("flover: request by-argument is written to generation-requests at "
                + PIPELINE.broker() + ", for the default model\n");
        assertThat(submit("--prompt-file", folder.resolve("none").toString()).err())
                .contains("cannot read " + folder.resolve("none") + ": there is no such file");
    }

    @Test
    void answersMetadataAndStopIdsReachTheRequest() throws Exception {
        var said = submit("--id", "several", "--answers", "2", "--metadata", "team=novels", "--model", "novelist-f16",
                PROMPT);
        var several = result("several");
        String other = several.at("/other_answers/0/text").asText();
        int token = several.get("token_ids").get(5).asInt();
        var stopped = submit("--id", "stopped", "--stop-id", Integer.toString(token), PROMPT);

        assertThat(said.out()).isEqualTo(several.get("text").asText() + "\n--- answer 1\n" + other + "\n");
        assertThat(said.err()).contains("for the model novelist-f16");
        assertThat(several.at("/metadata/team").asText()).isEqualTo("novels");
        assertThat(stopped.code()).isZero();
        assertThat(result("stopped").get("finish_reason").asText()).isEqualTo("STOP");
        assertThat(result("stopped").get("completion_tokens").asInt()).isLessThanOrEqualTo(6);
    }
}
