package dev.flover.benchmarks.constraints;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import dev.flover.app.options.ModelOption;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.engine.tokenizer.TokenizerLoader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `bench constraints`: compiles schemas and writes values token by token over a model's vocabulary.
@Command(
        name = "constraints",
        description = "Measures constraints alone: which values of a schema can be written token by token, and how "
                + "long a mask takes. One thread; no weights are needed.",
        footer = {"", "Each line of --schemas is {\"name\", \"schema\", \"tests\": [{\"valid\", \"data\"}]}. A schema "
                + "passes if it compiles, each valid value can be written token by token, and each other one is "
                + "stopped. Times are of the thread alone: waiting for a processor does not count."})
public final class BenchConstraintsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--schemas", paramLabel = "FILE", required = true,
            description = "Lines of JSON, gzipped if the name ends in .gz; - is standard input.")
    private String schemas;

    @Option(names = "--white-space", description = "Write values with a space after each colon and comma.")
    private boolean spaced;

    @Option(names = "--failures", description = "Write one line to standard error for each schema that did not pass.")
    private boolean failures;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final ObjectMapper mapper = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    @Override
    public void run() {
        var tokenizer = tokenizer();
        var err = spec.commandLine().getErr();
        var run = new ConstraintRun(tokenizer, spaced, line -> {
            if (failures) {
                err.println(line);
            }
        });
        try (var lines = open()) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    run.run(read(line, number));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(schemas, e);
        }
        print(run.report());
    }

    private Tokenizer tokenizer() {
        var path = model.path();
        boolean file = String.valueOf(path.getFileName()).equals("tokenizer.json");
        if (file || Files.isDirectory(path) && !Files.exists(path.resolve("config.json"))) {
            var folder = file ? Objects.requireNonNull(path.toAbsolutePath().getParent()) : path;
            var tokenizer = TokenizerLoader.fromHuggingFace(folder);
            if (tokenizer == null) {
                throw new CommandException(folder + " has no tokenizer.json");
            }
            return tokenizer;
        }
        try (var opened = model.open()) {
            return ModelOption.tokenizerOf(opened);
        }
    }

    private BufferedReader open() throws IOException {
        return schemas.endsWith(".gz")
                ? new BufferedReader(new InputStreamReader(
                        new GZIPInputStream(Files.newInputStream(Path.of(schemas))), StandardCharsets.UTF_8))
                : InputFile.open(schemas);
    }

    private SchemaCase read(String line, int number) {
        try {
            var node = mapper.readTree(line);
            if (!node.has("schema")) {
                throw new CommandException(schemas + ", line " + number + " has no \"schema\"");
            }
            return SchemaCase.of(node, spaced);
        } catch (JsonProcessingException e) {
            throw new CommandException(schemas + ", line " + number + " is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private void print(ConstraintReport report) {
        var out = spec.commandLine().getOut();
        if (json) {
            try {
                out.println(mapper.writeValueAsString(report));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a report of numbers could not be written", e);
            }
            return;
        }
        out.printf(Locale.ROOT, "%d schemas: %d pass (%.1f %%), %d refused when compiled, %d crashes, %d timeouts%n",
                report.schemas(), report.passing(), 100.0 * report.passing() / Math.max(1, report.schemas()),
                report.compileErrors(), report.crashes(), report.timeouts());
        out.printf(Locale.ROOT, "%d valid values refused, %d invalid ones accepted%n", report.validRefused(),
                report.invalidAccepted());
        out.printf(Locale.ROOT, "a mask, us:   mean %.1f, p50 %.1f, p99 %.1f, p99.9 %.1f (%d masks)%n",
                report.maskUs().mean(), report.maskUs().p50(), report.maskUs().p99(), report.maskUs().p999(),
                report.masks());
        out.printf(Locale.ROOT, "compiling, us: mean %.1f, p50 %.1f, p99 %.1f, p99.9 %.1f%n",
                report.compileUs().mean(), report.compileUs().p50(), report.compileUs().p99(),
                report.compileUs().p999());
        out.printf(Locale.ROOT, "one pass over the logits takes %.1f us; a mask takes %.2f of them%n",
                report.logitsPassUs(), report.maskMeanInPasses());
    }
}
