package dev.flover.benchmarks.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchEngineCommandTest {
    @TempDir
    Path folder;

    @Test
    void reportsRatesAndTheCostOfEveryOperationForEachBatchSize() throws IOException {
        var run = Console.run("bench", "engine", "--batch", "1,3", "--prompt-tokens", "5", "--gen-tokens", "6",
                "--repeat", "1", "--warm-up-s", "0", "--json");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        assertThat(report.get("arithmetic").asText()).isNotEmpty();
        assertThat(report.get("machine").get("read_gbytes_per_s").asDouble()).isPositive();
        assertThat(report.get("results")).hasSize(2);
        for (var result : report.get("results")) {
            assertThat(result.get("decode_tokens_per_s").asDouble()).isPositive();
            assertThat(result.get("prefill_tokens_per_s").asDouble()).isPositive();
            assertThat(result.get("steps").asLong()).as("of 5, in which all generate").isBetween(1L, 5L);
            assertThat(result.get("schedule_us").asDouble()).isBetween(0.1, 1e5);
            assertThat(result.get("operations")).extracting(operation -> operation.get("operation").asText())
                    .contains("attention", "project to logits", "sample");
        }
        assertThat(report.get("results").get(1).get("batch").asInt()).isEqualTo(3);
    }

    @Test
    void aPersonReadsTheMachineThenEachBatchThenTheMemory() {
        var run = Console.run("bench", "engine", "--batch", "2,1", "--prompt-tokens", "5", "--gen-tokens", "6",
                "--repeat", "1", "--warm-up-s", "0");

        assertThat(run.code()).isZero();
        assertThat(run.out()).containsSubsequence("arithmetic cpu", "batch 2: ", "a step's floor: ",
                "reading all bytes of the model's files takes ", "project to logits", "batch 1: ", "a step's floor: ",
                "project to logits", "peak memory");
    }

    @Test
    void numbersOfRanksAreComparedWithTheFirst() throws IOException {
        var run = Console.run("bench", "engine", "--batch", "3", "--prompt-tokens", "5", "--gen-tokens", "6",
                "--repeat", "1", "--warm-up-s", "0", "--tp", "1,2", "--json");

        assertThat(run.code()).isZero();
        var results = new ObjectMapper().readTree(run.out()).get("results");
        assertThat(results).extracting(result -> result.get("ranks").asInt()).containsExactly(1, 2);
        assertThat(results).allSatisfy(result -> {
            assertThat(result.get("decode_tokens_per_s").asDouble()).isPositive();
            assertThat(result.get("of_first").asDouble()).isPositive();
        });
        assertThat(Console.run("bench", "engine", "--tp", "3").err())
                .contains("a model can be divided among 1, 2, 4 or 8 ranks, not 3");
    }

    /// 64 prompts of 32 tokens take 64 steps of 32 rows, so the first answers end long before the last one begins.
    @Test
    void aBatchThatIsNeverWholeIsRefused() {
        var run = Console.run("bench", "engine", "--batch", "64", "--prompt-tokens", "32", "--gen-tokens", "8",
                "--token-budget", "32", "--repeat", "1", "--warm-up-s", "0");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("batch 64 cannot be measured: an answer of 8 tokens ends before the last of 64 "
                + "prompts of 32 tokens has been computed").contains("--token-budget greater");
    }

    @Test
    void onlyStepsOfAllSequencesCount() throws IOException {
        var run = Console.run("bench", "engine", "--batch", "4", "--prompt-tokens", "32", "--gen-tokens", "12",
                "--token-budget", "34", "--repeat", "1", "--warm-up-s", "0", "--json", "--temperature", "0.8",
                "--top-k", "40", "--top-p", "0.95");

        assertThat(run.err()).isEmpty();
        var result = new ObjectMapper().readTree(run.out()).get("results").get(0);
        assertThat(result.get("steps").asLong()).as("of 11").isBetween(4L, 9L);
        double perSecond = result.get("decode_tokens_per_s").asDouble();
        assertThat(perSecond * result.get("step_ms").asDouble() / 1e3).as("tokens a step").isBetween(3.9, 4.1);
    }

    @Test
    void constrainedSequencesAreComparedWithOthers() throws IOException {
        var run = Console.run("bench", "engine", "--batch", "4", "--constrained", "2", "--prompt-tokens", "5",
                "--gen-tokens", "20", "--repeat", "1", "--warm-up-s", "0", "--json");
        assertThat(run.err()).isEmpty();
        var result = new ObjectMapper().readTree(run.out()).get("results").get(0);
        assertThat(result.get("of_unconstrained").asDouble()).isPositive();

        assertThat(Console.run("bench", "engine", "--batch", "4,1", "--constrained", "2").err())
                .contains("--constrained must be in [0, 1], was 2");
        assertThat(Console.run("bench", "engine", "--shape", "stories-15m", "--constrained", "1", "--batch", "1").err())
                .contains("--constrained needs a model with a tokenizer");
    }

    @Test
    void filtersWithoutATemperatureAreRefused() {
        assertThat(Console.run("bench", "engine", "--top-k", "40").err()).contains("give a --temperature above 0, too");
        assertThat(Console.run("bench", "engine", "--temperature", "1", "--top-p", "2").err())
                .contains("topP must be in (0, 1], was 2.0");
    }

    @Test
    void measuresAShapeWithoutAFileAgainstItsFloors() throws IOException {
        var run = Console.run("bench", "engine", "--shape", "stories-15m", "--weights", "Q4_0", "--batch", "2",
                "--prompt-tokens", "3", "--gen-tokens", "4", "--repeat", "1", "--warm-up-s", "0", "--json");

        assertThat(run.err()).isEmpty();
        var report = new ObjectMapper().readTree(run.out());
        assertThat(report.get("model").asText()).isEqualTo("stories-15m of random Q4_0");
        var floor = report.get("results").get(0).get("floor");
        assertThat(floor.get("memory_us").asDouble()).isPositive();
        assertThat(floor.get("arithmetic_us").asDouble()).isPositive();
        assertThat(floor.get("share").asDouble()).isPositive();
        assertThat(floor.get("file_us").asDouble()).as("no file").isZero();
        assertThat(report.get("results").get(0).get("device").isNull()).as("no device of its own").isTrue();
    }

    @Test
    void measuresAMixtureOfExperts() throws IOException {
        var run = Console.run("bench", "engine", "--model", experts().toString(), "--batch", "2",
                "--prompt-tokens", "3", "--gen-tokens", "4", "--repeat", "1", "--warm-up-s", "0", "--json");

        assertThat(run.err()).isEmpty();
        var result = new ObjectMapper().readTree(run.out()).get("results").get(0);
        assertThat(result.get("decode_tokens_per_s").asDouble()).isPositive();
    }

    /// The folder of a Mixtral of width 8 with one layer and two experts.
    private Path experts() throws IOException {
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "mixtral", "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 2,
                 "num_hidden_layers": 1, "intermediate_size": 16, "num_local_experts": 2, "num_experts_per_tok": 1,
                 "max_position_embeddings": 64}""");
        var shapes = new LinkedHashMap<String, int[]>();
        shapes.put("model.embed_tokens", new int[] {32, 8});
        shapes.put("model.norm", new int[] {8});
        shapes.put("lm_head", new int[] {32, 8});
        String layer = "model.layers.0.";
        shapes.put(layer + "input_layernorm", new int[] {8});
        shapes.put(layer + "post_attention_layernorm", new int[] {8});
        for (String projection : List.of("q", "k", "v", "o")) {
            shapes.put(layer + "self_attn." + projection + "_proj", new int[] {8, 8});
        }
        shapes.put(layer + "block_sparse_moe.gate", new int[] {2, 8});
        for (int expert = 0; expert < 2; expert++) {
            String of = layer + "block_sparse_moe.experts." + expert + ".";
            shapes.put(of + "w1", new int[] {16, 8});
            shapes.put(of + "w2", new int[] {8, 16});
            shapes.put(of + "w3", new int[] {16, 8});
        }
        Files.write(folder.resolve("model.safetensors"), safetensors(shapes));
        return folder;
    }

    private static byte[] safetensors(Map<String, int[]> shapes) {
        var header = new ObjectMapper().createObjectNode();
        int end = 0;
        for (var shape : shapes.entrySet()) {
            int bytes = Float.BYTES * Arrays.stream(shape.getValue()).reduce(1, (a, b) -> a * b);
            var tensor = header.putObject(shape.getKey() + ".weight").put("dtype", "F32");
            tensor.set("shape", new ObjectMapper().valueToTree(shape.getValue()));
            tensor.putArray("data_offsets").add(end).add(end + bytes);
            end += bytes;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        var file = ByteBuffer.allocate(8 + json.length + end).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length)
                .put(json);
        for (int i = 0; file.hasRemaining(); i++) {
            file.putFloat(0.25f + (i % 7 - 3) / 8f);
        }
        return file.array();
    }

    @Test
    void saysWhichShapesThereAre() {
        var run = Console.run("bench", "engine", "--shape", "llama-9b");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("there is no shape named llama-9b; choose one of stories-15m, ");
    }

    @Test
    void saysWhatIsWrongWithAnOption() {
        var run = Console.run("bench", "engine", "--batch", "0");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--batch must be in [1, 4096], was 0");
    }

    @Test
    void saysThatLengthsDoNotFitTheContext() {
        assertThat(Console.run("bench", "engine", "--prompt-tokens", "1000000").err())
                .contains("--prompt-tokens plus --gen-tokens must be in [3, ").contains("was 1000064");
    }
}
