package dev.flover.benchmarks.peer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Main;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A program that measures its decode and prefill rates on a GGUF file, in a process of its own.
interface DecodeProgram {
    /// The workload to measure.
    ///
    /// @param batches numbers of sequences at the same time
    /// @param repeat  measurements of each batch size
    record Task(List<Integer> batches, int promptTokens, int generatedTokens, int repeat, int threads) {
        public Task {
            batches = List.copyOf(batches);
        }

        /// Returns the list of batch sizes, repeated, as an option's value.
        String list(int times) {
            return Collections.nCopies(times, batches).stream().flatMap(List::stream).map(String::valueOf)
                    .collect(Collectors.joining(","));
        }

        /// The positions of all sequences of the largest batch.
        int positions() {
            return Collections.max(batches) * (promptTokens + generatedTokens);
        }
    }

    /// The measurements of one process.
    ///
    /// @param rates     by batch size, medians of the repeated measurements
    /// @param peakBytes of the process's resident memory, with the pages of mapped files
    record Outcome(Map<Integer, Rates> rates, long peakBytes) {}

    Outcome measure(Path model, Task task);

    /// The text that a process printed, and the most bytes of its resident memory.
    record Output(String text, long peakBytes) {}

    /// Flover's command `bench engine`.
    record Flover(String backend, int kvBits, int tokenBudget) implements DecodeProgram {
        @Override
        public Outcome measure(Path model, Task task) {
            var command = JavaCommand.ofEngine(Main.class).with("--add-modules=jdk.incubator.vector")
                    .arguments("bench", "engine", "--model", model.toString(), "--backend", backend,
                            "--threads", Integer.toString(task.threads()), "--batch", task.list(1),
                            "--prompt-tokens", Integer.toString(task.promptTokens()),
                            "--gen-tokens", Integer.toString(task.generatedTokens()),
                            "--repeat", Integer.toString(task.repeat()), "--kv-bits", Integer.toString(kvBits),
                            "--token-budget", Integer.toString(tokenBudget), "--json").line();
            var output = output(new ProcessBuilder(command).redirectError(Redirect.DISCARD));
            var rates = new TreeMap<Integer, Rates>();
            for (var result : json(output.text()).get("results")) {
                rates.put(result.get("batch").asInt(), new Rates(result.get("decode_tokens_per_s").asDouble(),
                        result.get("prefill_tokens_per_s").asDouble()));
            }
            return new Outcome(rates, output.peakBytes());
        }
    }

    /// `llama-batched-bench` of llama.cpp, which writes JSON, or of ik_llama.cpp, which writes a table. It runs in a
    /// temporary folder, because ik_llama.cpp's writes a log to the current folder.
    record BatchedBench(Path program, List<String> options) implements DecodeProgram {
        /// The columns of the table: batch size, prefill rate, decode rate.
        private static final int BATCH = 3;
        private static final int PREFILL = 6;
        private static final int DECODE = 8;

        public BatchedBench {
            options = List.copyOf(options);
        }

        @Override
        public Outcome measure(Path model, Task task) {
            var command = new ArrayList<>(List.of(executable(), "-m", model.toAbsolutePath().toString(),
                    "-npp", Integer.toString(task.promptTokens()), "-ntg", Integer.toString(task.generatedTokens()),
                    "-npl", task.list(task.repeat()), "-t", Integer.toString(task.threads()),
                    "-tb", Integer.toString(task.threads()), "-c", Integer.toString(task.positions())));
            command.addAll(options);
            var all = new TreeMap<Integer, List<Rates>>();
            Output output;
            try (var folder = TemporaryFolder.create("flover-peer-")) {
                output = output(new ProcessBuilder(command).redirectErrorStream(true)
                        .directory(folder.path().toFile()));
            }
            output.text().lines().forEach(line -> {
                if (line.startsWith("{")) {
                    var result = json(line);
                    add(result.get("pl").asInt(), result.get("speed_tg").asDouble(),
                            result.get("speed_pp").asDouble(), all);
                } else if (line.matches("\\|\\s*\\d.*")) {
                    String[] cells = line.split("\\|");
                    add(Integer.parseInt(cells[BATCH].strip()), Double.parseDouble(cells[DECODE].strip()),
                            Double.parseDouble(cells[PREFILL].strip()), all);
                }
            });
            if (!all.keySet().containsAll(task.batches())) {
                throw new IllegalStateException(String.join(" ", command) + " printed rates of the batch sizes "
                        + all.keySet() + "; expected " + task.batches());
            }
            return new Outcome(Rates.medians(all), output.peakBytes());
        }

        /// A name alone is looked up on the path; a path is relative to our own folder.
        private String executable() {
            return (program.getNameCount() == 1 ? program : program.toAbsolutePath()).toString();
        }

        private static void add(int batch, double decode, double prefill, Map<Integer, List<Rates>> all) {
            all.computeIfAbsent(batch, none -> new ArrayList<>()).add(new Rates(decode, prefill));
        }
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("expected JSON, was: " + text, e);
        }
    }

    private static Output output(ProcessBuilder builder) {
        var command = builder.command();
        try {
            var process = builder.start();
            try (var memory = new PeakMemory(process)) {
                String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) {
                    throw new IllegalStateException(
                            String.join(" ", command) + " ended with " + process.exitValue());
                }
                return new Output(text, memory.bytes());
            }
        } catch (IOException e) {
            throw new IllegalStateException("could not run " + command.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + command.getFirst() + " ran", e);
        }
    }
}
