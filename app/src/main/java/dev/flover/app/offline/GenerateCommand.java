package dev.flover.app.offline;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.EngineOptions;
import dev.flover.app.options.FieldNames;
import dev.flover.app.options.InputFile;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.RankOption;
import dev.flover.app.options.SamplingOptions;
import dev.flover.app.options.WeightOption;
import dev.flover.app.settings.ParsedText;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingOption;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.TrustedRecords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `generate`: answers requests with the engine alone, without Kafka.
@Command(
        name = "generate",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Generates text with the engine alone, without Kafka.",
        footer = {"", "@|bold Requests|@ are JSON objects, one a line:",
                "  {\"id\": \"a\", \"prompt\": \"Once upon a time\", \"max_tokens\": 60}",
                "as the requests topic takes them, in the contract's names or in OpenAI's, but",
                "without the fields that need topics or several answers.",
                "Fields not set by a line are taken from the options. The default id is the",
                "line's number; without a seed, it is derived from the id, as in a pipeline.", "",
                "@|bold Answers|@ with --json, one a line, in the order of the requests:",
                "  {\"id\", \"prompt_ids\", \"token_ids\", \"text\", \"finish_reason\"}",
                "with calls of tools \"tool_calls\": [{\"id\", \"name\", \"arguments\"}],",
                "and with --logprobs \"logprobs\": [{\"token_id\", \"logprob\", \"alternatives\"}].",
                "finish_reason is stop or length."})
public final class GenerateCommand implements Callable<Integer> {
    private static final int DEFAULT_MAX_TOKENS = 256;
    private static final String ONLY_ID = "1";
    private static final int SHOWN_PROBLEMS = 10;

    static {
        TrustedRecords.trust();
    }

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Input input;

    @Mixin
    private ModelOption modelOption;

    @Mixin
    private RankOption rankOption;

    @Mixin
    private WeightOption weightOption;

    @Option(names = "--parse-special", paramLabel = "HOW", defaultValue = "nothing",
            description = "messages: a special token that is spelled in a message becomes that token. nothing: its "
                    + "spelling stays text. Default: ${DEFAULT-VALUE}.")
    private ParsedText parseSpecial = ParsedText.NOTHING;

    @Option(names = "--json", description = "Write one JSON object per line for each answer.")
    private boolean json;

    @Option(names = "--stats", description = "Write steps, rows and tokens a second to stderr at the end.")
    private boolean stats;

    @ArgGroup(validate = false, heading = "%nA file of answers:%n")
    private FileOptions fileOptions = new FileOptions();

    @ArgGroup(validate = false, heading = "%nAnswers:%n")
    private SamplingOptions samplingOptions = new SamplingOptions();

    @ArgGroup(validate = false, heading = "%nEngine:%n")
    private EngineOptions engineOptions = new EngineOptions();

    /// The source of the requests: one prompt, or a file.
    static final class Input {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "One prompt; the answer is written as it is "
                + "generated.")
        private @Nullable String prompt;

        @Option(names = "--requests", paramLabel = "FILE",
                description = "One request per line, all fused in one engine; - is standard input.")
        private @Nullable String requests;
    }

    @Override
    public Integer call() {
        if (fileOptions.areGiven()) {
            return answerFile();
        }
        var problems = new TreeMap<Integer, String>();
        var requests = requests(problems);
        try (Model model = openModel()) {
            List<Answer> answers = prepare(requests, model, problems);
            refuse(List.copyOf(problems.values()));
            var config = engineOptions.config(spec.commandLine());
            try (Engine engine = start(model, config)) {
                var report = new AnswerReport(spec.commandLine(), answers, json, input.prompt != null);
                var run = new FusedRun(engine, report);
                admit(run, answers);
                long start = System.nanoTime();
                run.run();
                report.close();
                if (stats) {
                    printStats(engine.status(), answers.size(), (System.nanoTime() - start) / 1e9);
                }
            }
            return answers.stream().anyMatch(Answer::failed) ? ExitCode.SOFTWARE : ExitCode.OK;
        }
    }

    private Model openModel() {
        return modelOption.open().withParsesMessages(parseSpecial == ParsedText.MESSAGES);
    }

    private Engine start(Model model, EngineConfig config) {
        var backend = weightOption.apply(model,
                engineOptions.openBackend(spec.commandLine(), rankOption, model));
        var engine = LoadingLine.start(model, backend, config, spec.commandLine().getErr());
        WeightOption.report(backend, spec.commandLine().getErr());
        return engine;
    }

    private int answerFile() {
        if (input.requests == null) {
            throw new ParameterException(spec.commandLine(), "--out needs --requests, found --prompt");
        }
        if (samplingOptions.areGiven()) {
            throw new ParameterException(spec.commandLine(), "--out takes the options of the answers from the lines; "
                    + "leave the options out, or put them into the lines");
        }
        var job = fileOptions.prepare(spec, input.requests, json);
        if (job == null) {
            return ExitCode.OK;
        }
        try (Model model = openModel()) {
            var config = engineOptions.config(spec.commandLine());
            try (Engine engine = start(model, config)) {
                long start = System.nanoTime();
                int code = fileOptions.run(spec, job, model, ModelOption.servedName(modelOption.path()),
                        engine, config.maxSequences());
                if (stats) {
                    printStats(engine.status(), Math.toIntExact(job.input().lines()),
                            (System.nanoTime() - start) / 1e9);
                }
                return code;
            }
        }
    }

    private List<PlacedRequest> requests(Map<Integer, String> problems) {
        var defaults = defaults();
        if (input.prompt == null) {
            return readRequests(defaults, problems);
        }
        return List.of(new PlacedRequest(0,
                GenerationRequest.newBuilder(defaults).setPrompt(input.prompt).build()));
    }

    /// Returns the request that the options make: greedy, with no prompt yet.
    private GenerationRequest defaults() {
        int maxTokens = samplingOptions.maxTokens() != null ? samplingOptions.maxTokens() : DEFAULT_MAX_TOKENS;
        var params = samplingOptions.params(spec);
        var sampling = Sampling.newBuilder().build();
        for (var option : SamplingOption.values()) {
            sampling.put(option.field(), option.of(params));
        }
        return GenerationRequest.newBuilder().setId(ONLY_ID).setMaxTokens(maxTokens).setSampling(sampling)
                .setMinTokens(params.minTokens()).setLogprobs(samplingOptions.logprobs())
                .setSeed(samplingOptions.seed()).setStop(samplingOptions.stop())
                .setIgnoreEos(samplingOptions.ignoreEos()).build();
    }

    private List<PlacedRequest> readRequests(GenerationRequest defaults, Map<Integer, String> problems) {
        var requests = new ArrayList<PlacedRequest>();
        try (var lines = InputFile.open(Objects.requireNonNull(input.requests))) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                try {
                    requests.add(RequestLine.parse(line, number, defaults));
                } catch (IllegalArgumentException e) {
                    problems.put(number, "line " + number + ": " + e.getMessage());
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(Objects.requireNonNull(input.requests), e);
        }
        return requests;
    }

    private static List<Answer> prepare(List<PlacedRequest> requests, Model model, Map<Integer, String> problems) {
        var answers = new ArrayList<Answer>();
        boolean conversations = requests.stream().anyMatch(placed -> placed.request().getMessages() != null);
        var preparation = new Preparation(model, conversations);
        for (var request : requests) {
            try {
                answers.add(preparation.prepare(request));
            } catch (IllegalArgumentException e) {
                problems.put(request.line(), request.origin() + ": " + e.getMessage());
            }
        }
        return answers;
    }

    private static void admit(FusedRun run, List<Answer> answers) {
        for (var answer : answers) {
            try {
                run.admit(answer);
            } catch (IllegalArgumentException e) {
                throw new CommandException(answer.origin() + ": " + FieldNames.asJson(e.getMessage()), e);
            }
        }
    }

    /// Refuses all requests if any line is wrong, because nothing says afterwards which answers are missing. With
    /// --out, the file of errors says that.
    private void refuse(List<String> problems) {
        if (problems.isEmpty()) {
            return;
        }
        String shown = String.join("\n", problems.subList(0, Math.min(problems.size(), SHOWN_PROBLEMS)));
        int hidden = problems.size() - SHOWN_PROBLEMS;
        String where = input.prompt != null ? "" : input.requests + ", ";
        throw new CommandException(where + shown + (hidden > 0 ? "\nand " + hidden + " more" : "")
                + (input.prompt != null ? "" : "\nWith --out FILE, all other lines are answered"));
    }

    private void printStats(EngineStatus status, int requests, double seconds) {
        spec.commandLine().getErr().printf(Locale.ROOT,
                "%d requests, %d tokens in %.3f s: %.1f tokens/s; %d steps of %.1f rows; %d preemptions%n",
                requests, status.tokens(), seconds, status.tokens() / seconds, status.steps(),
                (double) status.rows() / Math.max(1, status.steps()), status.preemptions());
        spec.commandLine().getErr().flush();
    }
}
