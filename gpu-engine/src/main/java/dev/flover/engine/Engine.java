package dev.flover.engine;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.LoadListener;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepQueue;
import dev.flover.engine.forward.Transformer;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.scheduling.Scheduler;
import dev.flover.engine.scheduling.Step;
import java.util.Arrays;

/// Fuses the generation of all its sequences: every step is one forward pass over everything that can make progress.
///
/// Owned by one thread, which turns the crank: [#pump] from a punctuator, [#step] from a loop.
///
/// ```
///   admit ─► Scheduler ──plan──► StepQueue ──► Transformer ──► Backend
///                ▲                                                │
///   TokenSink ◄──┴──────────────commit────────────────────────────┘
/// ```
public final class Engine implements AutoCloseable {
    private final Backend backend;
    private final ModelConfig model;
    private final Scheduler scheduler;
    private final StepQueue queue;
    private final Step[] steps;
    private long launched;
    private long committed;
    private long lastSequence;
    private boolean closed;

    private Engine(ModelConfig model, Backend backend, EngineConfig config, StepQueue queue) {
        this.backend = backend;
        this.model = model;
        this.queue = queue;
        scheduler = new Scheduler(config, model.contextLength(), model.stretchedBeyond());
        steps = new Step[config.stepsInFlight()];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = new Step(config.tokenBudget(), config.maxSequences());
        }
    }

    /// Brings the weights to the backend (slow) and takes ownership of it.
    public static Engine start(Model model, Backend backend, EngineConfig config) {
        return start(model, backend, config, (layers, all) -> { });
    }

    /// As [#start(Model, Backend, EngineConfig)], telling how far it is.
    public static Engine start(Model model, Backend backend, EngineConfig config, LoadListener listener) {
        try {
            var transformer = new Transformer(model, backend, config.maxSequences(), config.tokenBudget(),
                    () -> shape(model.config(), config, backend), listener);
            var queue = new StepQueue(
                    config.stepsInFlight(), backend.stepsAhead(), transformer::launch, transformer::finish);
            return new Engine(model.config(), backend, config.withKvBlocks(transformer.cacheShape().blocks()), queue);
        } catch (RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    /// Takes a sequence in; it joins at the next step with room for it.
    ///
    /// @return its id, never used before by this engine
    /// @throws IllegalArgumentException if it could never be computed: token ids out of range, longer than the
    ///                                  context, or more blocks than there are
    public long admit(SequenceRequest request) {
        checkTokens("prompt", request.promptIds());
        checkTokens("answer", request.generatedIds());
        checkTokens("set of stop ids", request.stopIds().tokens());
        checkTokens("logit bias", request.sampling().logitBias().tokens());
        checkTokens("set of allowed tokens", request.sampling().allowedOnly().tokens());
        checkSomethingCanBeDrawn(request);
        if (request.constraint() != null) {
            checkConstraint(request);
        }
        scheduler.admit(lastSequence + 1, request);
        return ++lastSequence;
    }

    /// Forgets a sequence: nothing more is reported for it and its blocks are free at the next step. Unknown and ended
    /// ids are ignored.
    public void cancel(long sequence) {
        scheduler.cancel(sequence);
    }

    /// Reports what finished steps produced, then launches steps until `stepsInFlight` are under way. Never waits.
    ///
    /// @return whether any step is under way now
    /// @throws EngineException if a step failed; the engine cannot go on and must be closed
    public boolean pump(TokenSink sink) {
        return pump(sink, steps.length);
    }

    /// As [#pump(TokenSink)], launching steps until so many are under way, or `stepsInFlight` if that is less. With
    /// one, what is admitted next joins the very next step, and the device waits for the owner to pump in between.
    ///
    /// @param underWay at least 1
    public boolean pump(TokenSink sink, int underWay) {
        commitEnded(sink);
        return launch(underWay);
    }

    /// Launches steps as [#pump(TokenSink, int)] does, and reports nothing: for an owner that will be away, or has
    /// admitted something since.
    ///
    /// @param underWay at least 1
    /// @return whether any step is under way now
    public boolean launch(int underWay) {
        int most = Math.min(underWay, steps.length);
        while (launched - committed < most) {
            var step = steps[(int) (launched % steps.length)];
            if (!scheduler.plan(step)) {
                break;
            }
            queue.submit(step.plan());
            launched++;
        }
        return launched > committed;
    }

    /// Waits for the oldest step under way, if there is one.
    ///
    /// @throws EngineException if it failed
    public void await() {
        if (launched > committed) {
            queue.await(committed + 1);
        }
    }

    /// As [#pump] after [#await].
    ///
    /// @return whether anything is left to do
    public boolean step(TokenSink sink) {
        await();
        return pump(sink) || !scheduler.isIdle();
    }

    /// Runs `wake` on another thread whenever a step ends, so that an owner that sleeps can come and pump.
    public void onStepEnd(Runnable wake) {
        queue.onStepEnd(wake);
    }

    /// Counters since the start and gauges of this moment.
    public EngineStatus status() {
        return scheduler.status();
    }

    /// What progress made here is marked with: equal fingerprints give equal tokens.
    public String arithmetic() {
        return backend.arithmetic();
    }

    /// Waits for the step being computed, then gives up the backend's memory. Sequences are forgotten.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            queue.close();
            backend.close();
        }
    }

    private void commitEnded(TokenSink sink) {
        long ended = queue.ended();
        while (committed < ended) {
            var step = steps[(int) (committed % steps.length)];
            committed++;
            scheduler.commit(step, sink);
        }
    }

    private static CacheShape shape(ModelConfig model, EngineConfig config, Backend backend) {
        long whole = (long) config.maxSequences() * Math.ceilDiv(model.contextLength(), config.blockTokens());
        var shape = new CacheShape(
                model.layers().size(), model.heads(), model.kvHeads(), model.headDim(), model.vocabulary(),
                Math.clamp(whole, 1, Integer.MAX_VALUE), config.blockTokens(), config.maxSequences(),
                model.contextLength());
        if (config.kvBlocks() > 0) {
            return shape.withBlocks(config.kvBlocks());
        }
        int fit = backend.blocksThatFit(shape);
        if (fit < 1) {
            throw new EngineException("the weights leave no memory for a KV cache on the " + backend.name()
                    + " backend; choose a smaller model, or one stored in fewer bits");
        }
        return shape.withBlocks(Math.min(shape.blocks(), fit));
    }

    private void checkTokens(String where, int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= model.vocabulary()) {
                throw new IllegalArgumentException("the " + where + " contains token id " + id
                        + ", but the model's ids are 0 to " + (model.vocabulary() - 1));
            }
        }
    }

    /// Masks that leave nothing are a mistake of the request, to be told now rather than at the first draw.
    private void checkSomethingCanBeDrawn(SequenceRequest request) {
        var sampling = request.sampling();
        boolean endingForbidden = request.generatedIds().length < sampling.minTokens();
        int candidates = sampling.allowedOnly().isEmpty() ? model.vocabulary() : sampling.allowedOnly().tokens().length;
        for (int i = 0; i < candidates; i++) {
            int token = sampling.allowedOnly().isEmpty() ? i : sampling.allowedOnly().tokens()[i];
            if (!isBanned(sampling, token) && !(endingForbidden && request.stopIds().contains(token))) {
                return;
            }
        }
        throw new IllegalArgumentException(
                "logitBias, allowedOnly and minTokens together leave no token that may be drawn");
    }

    /// What contradicts a constraint is told now, with both named.
    private void checkConstraint(SequenceRequest request) {
        var sampling = request.sampling();
        if (!sampling.allowedOnly().isEmpty()) {
            throw new IllegalArgumentException("allowedOnly and a constraint contradict each other; give one");
        }
        for (float bias : sampling.logitBias().values()) {
            if (bias == Float.NEGATIVE_INFINITY) {
                throw new IllegalArgumentException("logitBias bans a token, which may be the only one that a constraint"
                        + " allows; use a finite bias");
            }
        }
        if (request.stopIds().isEmpty()) {
            throw new IllegalArgumentException("an answer with a constraint needs a token to end it, and there are no"
                    + " stop ids; do not ignore the model's end of text");
        }
        for (int token : request.stopIds().tokens()) {
            if (request.constraint().isText(token)) {
                throw new IllegalArgumentException("stop id " + token + " is text, which would end an answer before its"
                        + " constraint does");
            }
        }
    }

    private static boolean isBanned(SamplingParams sampling, int token) {
        int at = Arrays.binarySearch(sampling.logitBias().tokens(), token);
        return at >= 0 && sampling.logitBias().values()[at] == Float.NEGATIVE_INFINITY;
    }
}
