package dev.flover.app.offline;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.options.ModelOption;
import dev.flover.engine.Backends;
import dev.flover.engine.chat.ChatTemplate;
import dev.flover.engine.chat.ChatTemplateException;
import dev.flover.engine.loading.ModelSummary;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.tensor.TensorType;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `inspect`: describes a model file.
@Command(name = "inspect", description = "Describes a model file.")
public final class InspectCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption model;

    @Option(names = "--json", description = "Write one JSON object.")
    private boolean json;

    @Option(names = "--kv-bits", paramLabel = "N", defaultValue = "16",
            description = "Bits of a number in the KV cache, 16 or 8, for the bytes of a position. Default: "
                    + "${DEFAULT-VALUE}.")
    private int kvBits;

    @Option(names = "--tp", paramLabel = "list",
            description = "With list: show how the model is divided among 1, 2, 4 and 8 ranks (tensor parallelism), or "
                    + "why it cannot be.")
    private @Nullable String ranks;

    @Override
    public void run() {
        if (kvBits != Byte.SIZE && kvBits != Backends.KV_BITS) {
            throw new ParameterException(spec.commandLine(),
                    "--kv-bits: a number in the KV cache has 8 or 16 bits, found " + kvBits);
        }
        if (ranks != null) {
            if (kvBits != Backends.KV_BITS) {
                throw new ParameterException(spec.commandLine(),
                        "--tp list counts keys and values in 16 bits; leave --kv-bits out");
            }
            listRanks(ranks);
            return;
        }
        var summary = model.inspect();
        if (json) {
            spec.commandLine().getOut().println(StrictJson.write(StrictJson.mapper(), json(summary)));
        } else {
            print(summary);
        }
    }

    private void listRanks(String asked) {
        if (!asked.equals("list")) {
            throw new ParameterException(spec.commandLine(), "--tp must be list, was " + asked
                    + "; the numbers of ranks are all in the list");
        }
        try (var opened = model.open()) {
            var table = new RankTable(opened);
            if (json) {
                var node = StrictJson.mapper().createArrayNode();
                table.write(node);
                spec.commandLine().getOut().println(StrictJson.write(StrictJson.mapper(), node));
            } else {
                table.lines().forEach(spec.commandLine().getOut()::println);
            }
        }
    }

    private void print(ModelSummary summary) {
        var config = summary.config();
        row("file", summary.path().toString());
        row("format", summary.format() + ", " + megabytes(summary.bytes()));
        if (summary.name() != null) {
            row("name", summary.name());
        }
        row("architecture", summary.architecture());
        if (config != null) {
            printShape(summary, config);
        } else {
            row("weights", "none: the file holds only a vocabulary");
            row("vocabulary", number(summary.vocabulary()));
        }
        row("tokenizer", summary.tokenizer() == null ? "none: the model accepts only token ids" : summary.tokenizer());
        row("end of text", Arrays.toString(summary.endOfText().tokens()));
        row("chat template", summary.chatTemplate() == null ? "no"
                : chatProblem(summary) == null ? "yes" : "cannot be used");
        if (summary.samplingDefaults() != null) {
            var sampling = summary.samplingDefaults();
            row("suggests", "temperature " + sampling.temperature() + ", top-k " + sampling.topK()
                    + ", top-p " + sampling.topP() + ", min-p " + sampling.minP());
        }
        warnings(summary).forEach(warning -> row("warning", warning));
        row("fingerprint", summary.fingerprint());
    }

    private void printShape(ModelSummary summary, ModelConfig config) {
        row("parameters", number(summary.parameters()));
        row("layers", config.layers().size() + " of width " + config.hidden() + ", feed-forward "
                + config.feedForward());
        row("attention", config.heads() + " heads of " + config.headDim() + ", " + config.kvHeads()
                + " for keys and values");
        row("vocabulary", number(config.vocabulary()));
        row("context", number(config.contextLength()) + " positions, " + number(summary.cachedBytes(kvBits))
                + " bytes of keys and values each");
        if (widest(config) > 0) {
            row("windows", windowed(config) + " of " + config.layers().size() + " layers attend to the last "
                    + number(widest(config)) + " positions or fewer; the others hold "
                    + number(summary.cachedBytesOfAllPositions(kvBits)) + " bytes for each position");
        }
        row("tensors", types(summary));
    }

    /// The widest window of a layer; 0 if no layer has one.
    private static int widest(ModelConfig config) {
        return config.layers().stream().mapToInt(ModelConfig.LayerConfig::window).max().orElse(0);
    }

    private static long windowed(ModelConfig config) {
        return config.layers().stream().filter(layer -> layer.window() > 0).count();
    }

    private void row(String name, String value) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(spec.commandLine().getColorScheme().commandText(String.format("%-14s", name)) + " " + value);
    }

    private static String types(ModelSummary summary) {
        return new TreeMap<>(summary.tensors()).entrySet().stream()
                .map(type -> type.getValue().tensors() + " " + type.getKey() + " (" + megabytes(type.getValue().bytes())
                        + ")")
                .collect(Collectors.joining(", "));
    }

    private ObjectNode json(ModelSummary summary) {
        var config = summary.config();
        var node = new ObjectMapper().createObjectNode()
                .put("path", summary.path().toString())
                .put("format", summary.format())
                .put("name", summary.name())
                .put("bytes", summary.bytes())
                .put("architecture", summary.architecture())
                .put("parameters", summary.parameters())
                .put("vocabulary", summary.vocabulary())
                .put("tokenizer", summary.tokenizer())
                .put("chat_template", summary.chatTemplate() != null && chatProblem(summary) == null)
                .put("fingerprint", summary.fingerprint());
        if (config != null) {
            node.put("layers", config.layers().size())
                    .put("hidden", config.hidden())
                    .put("feed_forward", config.feedForward())
                    .put("heads", config.heads())
                    .put("kv_heads", config.kvHeads())
                    .put("head_dim", config.headDim())
                    .put("context_length", config.contextLength())
                    .put("cached_bytes", summary.cachedBytes(kvBits))
                    .put("window", widest(config))
                    .put("windowed_layers", windowed(config))
                    .put("cached_bytes_of_all_positions", summary.cachedBytesOfAllPositions(kvBits));
        }
        warnings(summary).forEach(node.putArray("warnings")::add);
        var ending = node.putArray("end_of_text");
        Arrays.stream(summary.endOfText().tokens()).forEach(ending::add);
        var types = node.putObject("tensors");
        for (TensorType type : new TreeMap<>(summary.tensors()).keySet()) {
            types.put(type.name(), Objects.requireNonNull(summary.tensors().get(type)).tensors());
        }
        return node;
    }

    /// The warnings of the loader, and why a template for conversations cannot be used.
    private static List<String> warnings(ModelSummary summary) {
        var warnings = new ArrayList<>(summary.warnings());
        for (String problem : Arrays.asList(
                chatProblem(summary), problem(summary.toolTemplate(), ChatTemplate::parseForTools))) {
            if (problem != null) {
                warnings.add(problem);
            }
        }
        return warnings;
    }

    private static @Nullable String chatProblem(ModelSummary summary) {
        return problem(summary.chatTemplate(), ChatTemplate::parse);
    }

    /// Why a template cannot be used; null if it can, or if there is none.
    private static @Nullable String problem(@Nullable String template, BiFunction<String, Clock, ChatTemplate> parse) {
        if (template != null) {
            try {
                parse.apply(template, Clock.systemDefaultZone());
            } catch (ChatTemplateException e) {
                return e.getMessage();
            }
        }
        return null;
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / 1e6);
    }
}
