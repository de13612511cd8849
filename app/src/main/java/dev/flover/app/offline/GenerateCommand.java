package dev.flover.app.offline;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.EngineOptions;
import dev.flover.app.options.FieldNames;
import dev.flover.app.options.InputFile;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.SamplingOptions;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.topology.request.SeedOfId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
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
                "Fields: id, prompt or prompt_ids or messages, tools, tool_choice,",
                "parallel_tool_calls, max_tokens, min_tokens, seed, stop (a text or several),",
                "ignore_eos, logprobs, and every number of sampling under its option's name:",
                "temperature, top_p for --top-p, and so on.",
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

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Input input;

    @Mixin
    private ModelOption modelOption;

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

    private final ObjectMapper mapper = StrictJson.mapper();
    private final Map<ConstraintSource, Constraint> constraints = new HashMap<>();
    private ConstraintCompiler compiler;

    /// The source of the requests: one prompt, or a file.
    static final class Input {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "One prompt; the answer is written as it is "
                + "generated.")
        private String prompt;

        @Option(names = "--requests", paramLabel = "FILE",
                description = "One request per line, all fused in one engine; - is standard input.")
        private String requests;
    }

    @Override
    public Integer call() {
        if (fileOptions.areGiven()) {
            return answerFile();
        }
        List<GenerateRequest> requests = requests();
        try (Model model = modelOption.open()) {
            List<Answer> answers = prepare(requests, model);
            var config = engineOptions.config(spec.commandLine());
            var backend = engineOptions.openBackend(spec.commandLine());
            try (Engine engine = LoadingLine.start(model, backend, config, spec.commandLine().getErr())) {
                var report = new AnswerReport(spec.commandLine(), answers, json, input.prompt != null);
                var run = new FusedRun(engine, report);
                admit(run, answers, model);
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
        try (Model model = modelOption.open()) {
            var config = engineOptions.config(spec.commandLine());
            var backend = engineOptions.openBackend(spec.commandLine());
            try (Engine engine = LoadingLine.start(model, backend, config, spec.commandLine().getErr())) {
                long start = System.nanoTime();
                int code = fileOptions.run(spec, job, model, engine, config.maxSequences());
                if (stats) {
                    printStats(engine.status(), Math.toIntExact(job.input().lines()),
                            (System.nanoTime() - start) / 1e9);
                }
                return code;
            }
        }
    }

    private List<GenerateRequest> requests() {
        int maxTokens = samplingOptions.maxTokens() != null ? samplingOptions.maxTokens() : DEFAULT_MAX_TOKENS;
        var sampling = samplingOptions.params(spec, SeedOfId.of(ONLY_ID));
        var single = GenerateRequestBuilder.builder().id(ONLY_ID).prompt(input.prompt).maxTokens(maxTokens)
                .sampling(sampling).stop(samplingOptions.stop()).ignoreEos(samplingOptions.ignoreEos())
                .seeded(samplingOptions.seed() != null).build();
        return input.prompt != null ? List.of(single) : readRequests(single);
    }

    private List<GenerateRequest> readRequests(GenerateRequest defaults) {
        var requests = new ArrayList<GenerateRequest>();
        var problems = new ArrayList<String>();
        try (var lines = InputFile.open(input.requests)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                try {
                    requests.add(RequestLine.parse(mapper, line, defaults.numbered(number)));
                } catch (IllegalArgumentException e) {
                    problems.add("line " + number + ": " + e.getMessage());
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(input.requests, e);
        }
        refuse(problems);
        return requests;
    }

    private List<Answer> prepare(List<GenerateRequest> requests, Model model) {
        var answers = new ArrayList<Answer>();
        var problems = new ArrayList<String>();
        var conversations = new Conversations(model);
        for (var given : requests) {
            var request = given;
            try {
                request = conversations.prepared(given);
                answers.add(prepare(request, model, conversations));
                if (request.constraint() != null) {
                    compile(request.constraint(), model);
                }
            } catch (IllegalArgumentException | ConstraintException e) {
                problems.add(request.origin() + ": " + e.getMessage());
            }
        }
        refuse(problems);
        return answers;
    }

    private static Answer prepare(GenerateRequest request, Model model, Conversations conversations) {
        var tokenizer = model.tokenizer();
        if (tokenizer == null && (request.prompt() != null || !request.stop().isEmpty())) {
            throw new IllegalArgumentException(model.path() + " has no tokenizer, so give prompt_ids and no stop");
        }
        int[] promptIds = request.promptIds() != null ? request.promptIds() : tokenizer.encodePrompt(request.prompt());
        if (promptIds.length == 0) {
            throw new IllegalArgumentException("prompt is empty, and the model has no begin-of-text token; give at "
                    + "least one token");
        }
        for (int id : promptIds) {
            if (id < 0 || id >= model.config().vocabulary()) {
                throw new IllegalArgumentException((request.promptIds() != null ? "prompt_ids"
                        : "the tokens of the prompt") + " must be in [0, " + (model.config().vocabulary() - 1)
                        + "], found " + id);
            }
        }
        if (promptIds.length >= model.config().contextLength()) {
            throw new IllegalArgumentException("the prompt has " + promptIds.length + " tokens; the model's context of "
                    + model.config().contextLength() + " leaves no room to answer");
        }
        var decoder = tokenizer == null
                ? null
                : new AnswerText(tokenizer, promptIds[promptIds.length - 1], request.stop());
        return new Answer(request, promptIds, decoder, ids -> conversations.calls(request.chat(), ids));
    }

    private void compile(ConstraintSource source, Model model) {
        if (model.tokenizer() == null) {
            throw new IllegalArgumentException(model.path() + " has no tokenizer, so its answers have no text to fit");
        }
        if (compiler == null) {
            compiler = new ConstraintCompiler(model.tokenizer());
        }
        if (!constraints.containsKey(source)) {
            constraints.put(source, compiler.compile(source));
        }
    }

    private void admit(FusedRun run, List<Answer> answers, Model model) {
        for (var answer : answers) {
            var request = answer.request();
            var stopIds = request.ignoreEos() ? TokenSet.EMPTY : model.endOfText();
            try {
                run.admit(answer, SequenceRequest.of(
                        answer.promptIds(), request.sampling(), request.maxTokens(), stopIds)
                        .withConstraint(constraints.get(request.constraint())));
            } catch (IllegalArgumentException e) {
                throw new CommandException(request.origin() + ": " + FieldNames.asJson(e.getMessage()), e);
            }
        }
    }

    /// Refuses all requests if any line is wrong, because nothing says afterwards which answers are missing. With --out,
    /// the file of errors says that.
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
