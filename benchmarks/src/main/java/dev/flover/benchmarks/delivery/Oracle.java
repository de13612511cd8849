package dev.flover.benchmarks.delivery;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.BackendOption;
import dev.flover.app.options.LoadingLine;
import dev.flover.benchmarks.delivery.check.ExpectedAnswer;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.schemas.Alternative;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenLogprob;
import dev.flover.topology.request.RequestConstraint;
import dev.flover.topology.request.RequestPlan;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Computes the expected answers with the engine alone: one request at a time, in this process, without Kafka.
final class Oracle implements AutoCloseable {
    private static final int PREFILL_CHUNK = 64;
    private static final int BLOCK_TOKENS = 16;

    private final Model model;
    private final Tokenizer tokenizer;
    private final Engine engine;
    private final ConstraintCompiler compiler;

    /// @param tokenizer the model's tokenizer
    /// @param backend   of several devices, the first is used
    /// @param err       shows on a terminal the progress of loading a large model
    Oracle(Model model, Tokenizer tokenizer, BackendOption backend, PrintWriter err) {
        this.model = model;
        this.tokenizer = tokenizer;
        compiler = new ConstraintCompiler(tokenizer);
        int blocks = (model.config().contextLength() + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
        engine = LoadingLine.start(model, backend.openFirst(),
                EngineConfig.of(1, PREFILL_CHUNK).with(c -> c.blockTokens(BLOCK_TOKENS).kvBlocks(blocks)
                        .stepsInFlight(1).prefixCaching(false)), err);
    }

    ExpectedAnswer answer(GenerationRequest request) {
        int[] prompt = tokenizer.encodePrompt(request.getPrompt());
        var answer = new Answer(request, decoder(request));
        var plan = RequestPlan.of(request, prompt.length, model, request.getMaxTokens());
        answer.sequence = engine.admit(plan.sequence(prompt).withConstraint(constraint(request)));
        while (engine.step(answer)) {
            if (answer.text.stopped()) {
                engine.cancel(answer.sequence);
            }
        }
        return answer.expected(prompt.length);
    }

    /// Returns the request's constraint; null if it has none.
    private @Nullable Constraint constraint(GenerationRequest request) {
        var source = RequestConstraint.source(request);
        return source == null ? null : compiler.compile(source);
    }

    /// Decodes the token ids of a request's answer.
    String text(GenerationRequest request, List<Integer> tokenIds) {
        var decoder = decoder(request);
        var text = new StringBuilder();
        for (int id : tokenIds) {
            text.append(decoder.push(id));
        }
        return text.append(decoder.finish()).toString();
    }

    private AnswerText decoder(GenerationRequest request) {
        int[] prompt = tokenizer.encodePrompt(request.getPrompt());
        return new AnswerText(tokenizer, prompt[prompt.length - 1], request.getStop());
    }

    @Override
    public void close() {
        engine.close();
    }

    /// An expected answer while the engine computes its tokens.
    private static final class Answer implements TokenSink {
        private final GenerationRequest request;
        private final AnswerText text;
        private final StringBuilder pieces = new StringBuilder();
        private final List<Integer> ids = new ArrayList<>();
        private final List<TokenLogprob> logprobs = new ArrayList<>();
        private @Nullable FinishReason reason;
        private long sequence;

        Answer(GenerationRequest request, AnswerText text) {
            this.request = request;
            this.text = text;
        }

        @Override
        public void token(long id, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
            if (id != sequence || text.stopped()) {
                return;
            }
            ids.add(tokenId);
            var others = new ArrayList<Alternative>();
            for (int rank = 0; alternatives != null && rank < alternatives.count(); rank++) {
                others.add(new Alternative(alternatives.token(rank), alternatives.logprob(rank)));
            }
            logprobs.add(new TokenLogprob(tokenId, logprob, others));
            pieces.append(text.push(tokenId));
        }

        @Override
        public void finished(long id, FinishReason reason) {
            if (reason == FinishReason.NOT_FINITE || reason == FinishReason.NOTHING_FITS) {
                throw new CommandException("the model computed logits that are not finite for " + request.getId()
                        + "; choose another model");
            }
            this.reason = id == sequence ? reason : this.reason;
        }

        ExpectedAnswer expected(int promptTokens) {
            pieces.append(text.finish());
            var ending = text.stopped() || reason == FinishReason.STOP
                    ? dev.flover.schemas.FinishReason.STOP
                    : dev.flover.schemas.FinishReason.LENGTH;
            return new ExpectedAnswer(request.getId(), ids, pieces.toString(),
                    request.getLogprobs() == null ? null : logprobs, ending, text.stop(), promptTokens);
        }
    }
}
