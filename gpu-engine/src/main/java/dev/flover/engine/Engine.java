package dev.flover.engine;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.LoadListener;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.SlabShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.StepQueue;
import dev.flover.engine.backend.WindowedLayers;
import dev.flover.engine.backend.ranks.ShardedBackend;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.forward.RankedTransformer;
import dev.flover.engine.forward.Transformer;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.scheduling.Scheduler;
import dev.flover.engine.scheduling.Step;
import dev.flover.engine.scheduling.Windows;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.sharding.ShardPlan;
import dev.flover.engine.tensor.TensorFile;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Fuses the generation of all its sequences: each step is one forward pass over all sequences that can make progress.
///
/// Owned by one thread, the owner, which calls [#pump] from a punctuator or [#step] from a loop.
///
/// ```
///   admit ─► Scheduler ──plan──► StepQueue ──► Transformer ──► Backend
///                ▲                                                │
///   TokenSink ◄──┴──────────────commit────────────────────────────┘
/// ```
public final class Engine implements AutoCloseable {
    /// Bytes of a number in the smallest format of the KV cache.
    private static final int LEAST_ELEMENT_BYTES = 1;

    private final BackendGroup backend;
    private final ModelConfig model;
    private final Scheduler scheduler;
    private final StepQueue queue;
    private final Step[] steps;
    private long launched;
    private long committed;
    private long lastSequence;
    private @Nullable StepTrace trace;
    private boolean closed;

    private Engine(ModelConfig model, BackendGroup backend, EngineConfig config, StepQueue queue) {
        this.backend = backend;
        this.model = model;
        this.queue = queue;
        scheduler = new Scheduler(
                config, model.contextLength(), model.stretchedBeyond(), windows(model));
        steps = new Step[config.stepsInFlight()];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = new Step(config.tokenBudget(), config.maxSequences());
        }
    }

    /// Loads the weights to the backend, which can take minutes, and takes ownership of the backend.
    ///
    /// @param backend one backend, or several ranks that divide the model among themselves
    /// @throws IllegalArgumentException if the model cannot be divided among this number of ranks
    public static Engine start(Model model, BackendGroup backend, EngineConfig config) {
        return start(model, backend, config, (layers, all) -> { });
    }

    /// As [#start(Model, BackendGroup, EngineConfig)], with a listener that is told of each loaded layer.
    public static Engine start(Model model, BackendGroup backend, EngineConfig config, LoadListener listener) {
        try {
            return switch (backend) {
                case ShardedBackend ranks -> onRanks(model, ranks, config, listener);
                case Backend one -> onOne(model, one, config, listener);
                default -> throw new IllegalArgumentException("expected a backend or its ranks, found " + backend);
            };
        } catch (RuntimeException | Error e) {
            backend.close();
            if (TensorFile.isUnreadable(e)) {
                throw new EngineException(TensorFile.unreadable(model.path(), "a part of the weights"), e);
            }
            throw e;
        }
    }

    /// Refuses a model that cannot fit, before a weight is read.
    private static void checkMemory(Model model, List<Backend> ranks, EngineConfig config) {
        long positions = (long) Math.max(1, config.kvBlocks()) * config.blockTokens();
        var use = new ShardMemory.Use(positions, LEAST_ELEMENT_BYTES, config.tokenBudget(),
                StepPlan.mostSamples(config.maxSequences()));
        var shortages = new ShardMemory(ShardPlan.of(model, ranks.size()), use)
                .shortages(ranks.stream().map(Backend::memory).toList());
        if (!shortages.isEmpty()) {
            throw new EngineException(model.path().getFileName() + " does not fit: " + String.join("; ", shortages)
                    + "; choose a smaller model, one stored in fewer bits, "
                    + (config.kvBlocks() > 0 ? "fewer KV blocks, " : "") + "or more ranks with a memory of their own");
        }
    }

    private static Engine onOne(Model model, Backend backend, EngineConfig config, LoadListener listener) {
        checkMemory(model, List.of(backend), config);
        var transformer = new Transformer(model, backend, config.maxSequences(), config.tokenBudget(),
                () -> shape(model.config(), config, backend), listener);
        var queue = new StepQueue(
                config.stepsInFlight(), backend.stepsAhead(), transformer::launch, transformer::finish);
        return new Engine(model.config(), backend, config.withKvBlocks(transformer.cacheShape().blocks()), queue);
    }

    private static Engine onRanks(Model model, ShardedBackend backend, EngineConfig config, LoadListener listener) {
        checkMemory(model, backend.ranks(), config);
        var transformer = new RankedTransformer(model, backend, config.maxSequences(), config.tokenBudget(),
                (part, own) -> shape(part, config, own), listener);
        var queue = new StepQueue(
                config.stepsInFlight(), backend.stepsAhead(), transformer::launch, transformer::finish);
        return new Engine(model.config(), backend, config.withKvBlocks(transformer.cacheShape().blocks()), queue);
    }

    /// Accepts a sequence. It joins the first step that has room for it.
    ///
    /// @return the sequence's id, which this engine never uses again
    /// @throws IllegalArgumentException if the sequence can never be computed: token ids out of range, a prompt longer
    ///                                  than the context, or more blocks needed than the cache has
    public long admit(SequenceRequest request) {
        checkTokens("prompt", request.promptIds());
        checkTokens("answer", request.generatedIds());
        checkTokens("set of stop ids", request.stopIds().tokens());
        checkTokens("logit bias", request.sampling().logitBias().tokens());
        checkTokens("set of allowed tokens", request.sampling().allowedOnly().tokens());
        checkSomethingCanBeDrawn(request);
        var constraint = request.constraint();
        if (constraint != null) {
            checkConstraint(request, constraint);
        }
        scheduler.admit(lastSequence + 1, request);
        return ++lastSequence;
    }

    /// Removes a sequence: nothing more is reported for it, and its blocks are free at the next step. Ids that are
    /// unknown or have ended are ignored.
    public void cancel(long sequence) {
        scheduler.cancel(sequence);
    }

    /// Reports the results of the steps that have ended, then launches steps until `stepsInFlight` are in flight. Never
    /// waits.
    ///
    /// @return whether any step is in flight now
    /// @throws EngineException if a step failed; the engine cannot go on and must be closed
    public boolean pump(TokenSink sink) {
        return pump(sink, steps.length);
    }

    /// As [#pump(TokenSink)], but launches steps only until `underWay` are in flight, or `stepsInFlight` if that is
    /// less. With 1, a sequence that is admitted next joins the very next step, but the device idles between a step's
    /// end and the owner's next pump. With 0, no step is launched.
    ///
    /// @param underWay at least 0
    public boolean pump(TokenSink sink, int underWay) {
        commitEnded(sink);
        return launch(underWay);
    }

    /// Launches steps as [#pump(TokenSink, int)] does, without reporting results: for an owner that will not pump for a
    /// while, or that has admitted a sequence since.
    ///
    /// @param underWay at least 0
    /// @return whether any step is in flight now
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

    /// Waits for the oldest step in flight, if there is one.
    ///
    /// @throws EngineException if the step failed
    public void await() {
        if (launched > committed) {
            queue.await(committed + 1);
        }
    }

    /// Calls [#await], then [#pump].
    ///
    /// @return whether any step is in flight or any sequence is unfinished
    public boolean step(TokenSink sink) {
        await();
        return pump(sink) || !scheduler.isIdle();
    }

    /// Sets a callback that runs on another thread whenever a step ends, so that it can wake the owner to pump.
    public void onStepEnd(Runnable wake) {
        queue.onStepEnd(wake);
    }

    /// Records the steps from now on in a trace, for readers on other threads; null for none.
    public void recordTo(@Nullable StepTrace trace) {
        this.trace = trace;
        scheduler.recordTo(trace);
    }

    /// The trace in which the steps are recorded; null if there is none.
    public @Nullable StepTrace trace() {
        return trace;
    }

    /// The counters since the start and the gauges of this moment.
    public EngineStatus status() {
        return scheduler.status();
    }

    /// The name and version of the backend's arithmetic, with which progress is stored: equal arithmetic gives equal
    /// tokens.
    public String arithmetic() {
        return backend.arithmetic();
    }

    /// Waits for the step being computed, then closes the backend and frees its memory. All sequences are dropped.
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
            if (trace != null) {
                trace.put(StepTrace.Kind.STEP_END, 0, 0, committed, queue.endNanos(committed));
                trace.publish();
            }
            scheduler.commit(step, sink);
        }
    }

    private static CacheShape shape(ModelConfig model, EngineConfig config, Backend backend) {
        long whole = (long) config.maxSequences() * Math.ceilDiv(model.contextLength(), config.blockTokens());
        var shape = BackendCacheShapeBuilder.builder().layers(model.layers().size()).heads(model.heads())
                .kvHeads(model.kvHeads()).headDim(model.headDim()).vocabulary(model.vocabulary())
                .blocks(Math.clamp(whole, 1, Integer.MAX_VALUE)).blockTokens(config.blockTokens())
                .slots(config.maxSequences()).contextLength(model.contextLength())
                .latent(model.latent() == null ? 0 : model.latent().rank()).build()
                .withWindowed(new WindowedLayers(model.windowedLayers()));
        if (config.kvBlocks() > 0) {
            return shape.withBlocks(config.kvBlocks());
        }
        int fit = backend.blocksThatFit(shape, 1);
        if (fit < 1) {
            throw new EngineException("the weights leave no memory for a KV cache on the " + backend.name()
                    + " backend; choose a smaller model, or one stored in fewer bits");
        }
        return shape.withBlocks(Math.min(shape.blocks(), fit));
    }

    private static Windows windows(ModelConfig model) {
        int windowed = model.windowedLayers().size();
        return new Windows(model.widestWindow(), model.windowOfSome(),
                new SlabShape(model.layers().size() - windowed, windowed));
    }

    private void checkTokens(String where, int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= model.vocabulary()) {
                throw new IllegalArgumentException("the " + where + " contains token id " + id
                        + ", but the model's ids are 0 to " + (model.vocabulary() - 1));
            }
        }
    }

    /// Refuses a request whose bans and masks leave no token to draw, so that the client learns of it now rather than
    /// at the first draw.
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

    /// Refuses parameters that contradict a constraint, with a message that names both.
    private static void checkConstraint(SequenceRequest request, Constraint constraint) {
        var sampling = request.sampling();
        if (!sampling.allowedOnly().isEmpty()) {
            throw new IllegalArgumentException("allowedOnly and a constraint cannot be combined; set only one of them");
        }
        for (float bias : sampling.logitBias().values()) {
            if (bias == Float.NEGATIVE_INFINITY) {
                throw new IllegalArgumentException("logitBias bans a token that may be the only one which the"
                        + " constraint allows; use a finite bias");
            }
        }
        if (request.stopIds().isEmpty()) {
            throw new IllegalArgumentException("an answer with a constraint needs at least one stop id, found none; do "
                    + "not ignore the model's end of text");
        }
        for (int token : request.stopIds().tokens()) {
            if (constraint.isText(token)) {
                throw new IllegalArgumentException("stop id " + token + " is a text token; it could end the answer"
                        + " before its constraint is satisfied");
            }
        }
    }

    private static boolean isBanned(SamplingParams sampling, int token) {
        int at = Arrays.binarySearch(sampling.logitBias().tokens(), token);
        return at >= 0 && sampling.logitBias().values()[at] == Float.NEGATIVE_INFINITY;
    }
}
