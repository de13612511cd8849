package dev.flover.engine.scheduling;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.scheduling.Sequence.State;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Plans what each step computes, and processes the tokens that it draws.
///
/// Steps run in the order in which they are planned. Therefore a slot or a block can be given to another sequence while
/// a step that still uses it is in flight: the first step that uses it for the new sequence runs later.
///
/// Progress is guaranteed: the sequence with the highest rank can take blocks from every other one, and a sequence that
/// needs more than all blocks is refused at admission. Blocks of others may have left gaps in the slabs of the only
/// running sequence that are of no use to its other block table. If it has to be preempted for this reason, sequences
/// that it outranks do not join before it has ended; so it is preempted in this way at most once after each join of a
/// sequence that outranks it.
public final class Scheduler {
    /// The most waiting sequences that a plan skips because blocks that they share, or their newest tokens, are yet to
    /// be computed. Those that wait for their prompts to be scored do not count: one prompt uses up the scores of many
    /// steps, whatever its rank.
    private static final int MOST_PASSED_OVER = 32;

    private final EngineConfig config;
    private final int contextLength;
    private final int stretchedBeyond;
    private final SequenceBlocks blocks;
    private final SlotMap<Sequence> slots;
    private final Seats seats;
    private final StepRecorder recorder;
    private final StepWriter writer;
    private final StepResults results;

    private final Map<Long, Sequence> byId = new HashMap<>();
    private final RankedSequences running = new RankedSequences();
    private final RankedSequences waiting = new RankedSequences();

    // Sequences that share no step with others. At most one of them runs; its steps alternate with steps of the others.
    private final RankedSequences waitingAlone = new RankedSequences();
    private @Nullable Sequence runningAlone;
    private boolean aloneTurn;

    /// The sequence that was preempted last although it was the only running one. Until it ends, memory is kept free of
    /// sequences that it outranks.
    private @Nullable Sequence memoryKeptFor;

    /// Whether the last step that others share was planned without background sequences, for the sake of prompts.
    private boolean leftBackgroundOut;

    // The step being planned. Its draws are already in it; the seats of other selected sequences are in the arrays
    // below.
    private @Nullable Step step;
    private final int[] grown;
    private int grownCount;
    private final int[] prefilling;
    private int prefillingCount;
    private final int[] filled;
    private int filledCount;
    private int joining;
    private int budget;
    private int scoreBudget;
    private boolean preempting;
    private boolean slotsChanged;

    private long plannedSteps;
    private long endedSteps;
    private final WorkCounts counts = new WorkCounts();

    private boolean checkedIdle = true;
    private @Nullable String leak;

    /// @param stretchedBeyond as in [dev.flover.engine.model.ModelConfig#stretchedBeyond]; a sequence that grows beyond
    ///                        this length is computed again from its beginning
    public Scheduler(EngineConfig config, int contextLength, int stretchedBeyond, Windows windows) {
        this(config, contextLength, stretchedBeyond, new SequenceBlocks(config, windows, CacheShape.READ_FROM));
    }

    Scheduler(EngineConfig config, int contextLength, int stretchedBeyond, SequenceBlocks blocks) {
        this(config, contextLength, stretchedBeyond, blocks, new Seats(config));
    }

    Scheduler(EngineConfig config, int contextLength, int stretchedBeyond, SequenceBlocks blocks, Seats seats) {
        this.config = config;
        this.contextLength = contextLength;
        this.stretchedBeyond = stretchedBeyond;
        this.blocks = blocks;
        slots = new SlotMap<>(config.maxSequences());
        this.seats = seats;
        recorder = new StepRecorder(seats);
        writer = new StepWriter(slots, seats, blocks, recorder);
        results = new StepResults(seats, blocks, counts, this::end, this::restart);
        grown = new int[config.maxSequences()];
        prefilling = new int[config.maxSequences()];
        filled = new int[config.maxSequences()];
    }

    /// Accepts a sequence, which then waits to join.
    ///
    /// @throws IllegalArgumentException if the sequence could not be computed even if it were the only one
    public void admit(long id, SequenceRequest request) {
        var sequence = new Sequence(id, request, contextLength, stretchedBeyond, seats);
        if (sequence.length() >= contextLength) {
            throw new IllegalArgumentException("a prompt of " + sequence.length() + " tokens leaves no room for an"
                    + " answer in the model's context of " + contextLength + " tokens; shorten the prompt");
        }
        int positions = sequence.mostTokens - 1; // the last token is drawn but not computed
        int needed = Math.ceilDiv(positions, config.blockTokens());
        if (needed > config.kvBlocks()) {
            throw new IllegalArgumentException("prompt and maxTokens together need " + needed + " KV blocks of "
                    + config.blockTokens() + " tokens and the engine has " + config.kvBlocks()
                    + "; ask for fewer tokens or raise kvBlocks");
        }
        checkedIdle = false;
        byId.put(id, sequence);
        queueOf(sequence).add(sequence);
    }

    /// Removes a sequence; unknown ids are ignored.
    public void cancel(long id) {
        var sequence = byId.get(id);
        if (sequence != null) {
            end(sequence);
        }
    }

    /// Records the steps from now on in a trace; null for none.
    public void recordTo(@Nullable StepTrace trace) {
        recorder.recordTo(trace);
    }

    /// Plans the next step, which must then be submitted.
    ///
    /// @return false if nothing can be computed before a step in flight has ended, or at all
    public boolean plan(Step step) {
        this.step = step;
        step.clear();
        seats.reclaim(endedSteps);
        select();
        if (nothingSelected()) {
            return false;
        }
        recorder.stepBegins(plannedSteps + 1);
        if (slotsChanged) {
            counts.slotMoves += writer.arrangeSlots(step.plan(), filled, filledCount, joining);
            slotsChanged = false;
        }
        for (int i = 0; i < grownCount; i++) {
            writer.writeBlocks(grown[i], step.plan());
        }
        seats.writeDraws(step);
        for (int i = 0; i < filledCount; i++) {
            writer.writePrefill(filled[i], step);
        }
        recorder.planned(step, filled, filledCount);
        plannedSteps++;
        return true;
    }

    /// Processes the results of the oldest step in flight, which has ended.
    public void commit(Step step, TokenSink sink) {
        endedSteps++;
        results.take(step, plannedSteps, endedSteps, sink);
    }

    /// Whether no sequence is waiting or running.
    public boolean isIdle() {
        return byId.isEmpty();
    }

    /// Counts and sizes. Where the engine has become idle, looks first whether all is free again.
    public EngineStatus status() {
        checkIdle();
        return counts.status().steps(endedSteps).running(running.size())
                .waiting(waiting.size() + waitingAlone.size()).blocksUsed(blocks.used()).blocks(config.kvBlocks())
                .leak(leak).build();
    }

    private void checkIdle() {
        if (checkedIdle || !byId.isEmpty() || plannedSteps > endedSteps) {
            return;
        }
        checkedIdle = true;
        int held = seats.held(endedSteps);
        int queued = running.size() + waiting.size() + waitingAlone.size() + (runningAlone == null ? 0 : 1);
        if (blocks.referenced() + slots.live() + held + queued > 0) {
            leak = "the engine was idle and still held " + blocks.referenced() + " KV blocks, " + slots.live()
                    + " slots, " + held + " seats and " + queued + " places in its queues";
        }
    }

    // Selecting the sequences of a step

    private void select() {
        grownCount = 0;
        prefillingCount = 0;
        filledCount = 0;
        joining = 0;
        budget = config.tokenBudget();
        scoreBudget = StepPlan.MOST_SCORED;
        preempting = false;
        boolean tried = aloneTurn;
        if (aloneTurn) {
            selectAlone();
            aloneTurn = false;
        }
        if (nothingSelected()) {
            selectTogether();
            aloneTurn = true;
        }
        if (nothingSelected() && !tried) {
            selectAlone();
        }
    }

    private boolean nothingSelected() {
        assert step != null;
        return step.draws() + filledCount == 0;
    }

    private void selectAlone() {
        if (runningAlone == null && !waitingAlone.isEmpty() && running.size() < config.maxSequences() && !preempting) {
            var head = waitingAlone.get(0);
            if (join(head) == SequenceBlocks.Claim.GRANTED) {
                runningAlone = head;
                return;
            }
        }
        if (runningAlone != null) {
            selectRunning(runningAlone.seat);
            selectPrefills();
        }
    }

    /// Selects sequences in the order of their ranks. Background sequences are left out of a step with the prompts of
    /// others, which is shorter without them, so that the others have their first tokens sooner. They are never left
    /// out of two such steps in a row, so that long prompts do not stop them.
    private void selectTogether() {
        int others = running.firstBackground();
        selectRunning(0, others);
        if (!leftBackgroundOut && others < running.size() && othersHavePrompts()) {
            selectPrefills();
            selectJoining(false);
            leftBackgroundOut = filledCount > 0;
            if (leftBackgroundOut) {
                return;
            }
        }
        leftBackgroundOut = false;
        selectRunning(others, running.size());
        selectPrefills();
        selectJoining(true);
    }

    /// Whether the step can compute a part of the prompt of a sequence that is not background. To be called when the
    /// running ones have been selected.
    private boolean othersHavePrompts() {
        boolean joins = !waiting.isEmpty() && !waiting.get(0).isBackground() && running.size() < config.maxSequences();
        return joins || prefillingCount > 0;
    }

    /// Selects the running sequences of a range of ranks.
    private void selectRunning(int from, int to) {
        int alone = runningAlone == null ? Seats.NONE : runningAlone.seat;
        // a preemption removes only sequences at this rank or behind
        for (int rank = from; rank < Math.min(to, running.size()); rank++) {
            if (running.seat(rank) != alone) {
                selectRunning(running.seat(rank));
            }
        }
    }

    /// Selects a sequence that decodes for the step, and notes one that prefills; prefills get the rest of the budget.
    private void selectRunning(int seat) {
        if (seats.advance(seat)) {
            selectDraw(seat);
            return;
        }
        var sequence = seats.at(seat);
        if (sequence.prefilling()) {
            blocks.releasePassed(sequence);
            if (makeRoom(sequence)) {
                prefilling[prefillingCount++] = seat;
            }
        } else if (sequence.canDecode()) {
            selectDecode(sequence);
        }
    }

    private void selectPrefills() {
        for (int i = 0; i < prefillingCount && budget > 0; i++) {
            selectPrefill(seats.at(prefilling[i]));
        }
        prefillingCount = 0;
    }

    /// @param background whether background sequences may join
    private void selectJoining(boolean background) {
        int rank = 0;
        int passedOver = 0;
        while (budget > 0 && running.size() < config.maxSequences() && !preempting
                && rank < waiting.size() && passedOver < MOST_PASSED_OVER) {
            var sequence = waiting.get(rank);
            if (sequence.isBackground() && !background) {
                return;
            }
            if (runningAlone == null && !waitingAlone.isEmpty() && waitingAlone.get(0).outranks(sequence)) {
                return; // the free resources are kept for the higher-ranking sequence that must run alone
            }
            if (sequence.scoring() && scoreBudget == 0) {
                rank++;
                continue;
            }
            switch (join(sequence)) {
                case GRANTED -> { }
                case NOT_YET -> {
                    rank++;
                    passedOver++;
                }
                case NO_ROOM -> {
                    return;
                }
            }
        }
    }

    private SequenceBlocks.Claim join(Sequence sequence) {
        if (sequence.lateTokens > 0) {
            return SequenceBlocks.Claim.NOT_YET; // it was preempted while a step in flight draws its next token
        }
        if (memoryKeptFor != null && memoryKeptFor.outranks(sequence)) {
            return SequenceBlocks.Claim.NO_ROOM;
        }
        var claim = blocks.claim(sequence, plannedSteps, running.size());
        if (claim == SequenceBlocks.Claim.GRANTED) {
            queueOf(sequence).remove(sequence);
            sequence.state = State.RUNNING;
            seats.seat(sequence, endedSteps);
            running.add(sequence);
            counts.share(sequence);
            joining++;
            slotsChanged = true;
            selectPrefill(sequence);
        }
        return claim;
    }

    private void selectPrefill(Sequence sequence) {
        int left = sequence.prefillEnd - sequence.computed();
        int count = Math.min(left, Math.min(budget, config.prefillChunk()));
        count = Math.min(count, sequence.rowsThatScore(scoreBudget));
        if (count > 0) { // count is 0 if other prefills of this step used up the score budget
            scoreBudget -= sequence.scoredAmong(count);
            sequence.rows = count;
            counts.prefill(sequence, count);
            seats.plan(sequence, count);
            budget -= count;
            filled[filledCount++] = sequence.seat;
            blocks.index(sequence, plannedSteps + 1);
            seats.update(sequence, endedSteps);
        }
    }

    private void selectDecode(Sequence sequence) {
        blocks.releasePassed(sequence);
        if (!makeRoom(sequence)) {
            return;
        }
        grown[grownCount++] = sequence.seat;
        seats.plan(sequence, 1);
        seats.replan(sequence);
        selectDraw(sequence.seat);
    }

    /// Gives the sequence blocks for its next positions. If too few are free, preempts the sequences with the lowest
    /// rank, perhaps this one itself.
    ///
    /// @return false if this sequence was preempted
    private boolean makeRoom(Sequence sequence) {
        while (!blocks.grow(sequence)) {
            var lowest = running.last();
            preempt(lowest);
            if (lowest == sequence) {
                memoryKeptFor = running.isEmpty() ? sequence : memoryKeptFor;
                return false;
            }
        }
        return true;
    }

    private void selectDraw(int seat) {
        assert step != null;
        budget--;
        step.draw(seat, seats.computed(seat) - 1);
    }

    private void preempt(Sequence sequence) {
        restart(sequence);
        recorder.preempted(sequence);
        counts.preemptions++;
        preempting = true;
    }

    /// Gives up the sequence's keys and values. It waits to be computed again from its tokens.
    private void restart(Sequence sequence) {
        sequence.computedBefore = Math.max(sequence.computedBefore, sequence.computed());
        stopRunning(sequence);
        sequence.state = State.WAITING;
        queueOf(sequence).add(sequence);
    }

    private void end(Sequence sequence) {
        byId.remove(sequence.id);
        switch (sequence.state) {
            case WAITING -> queueOf(sequence).remove(sequence);
            case RUNNING -> stopRunning(sequence);
            case ENDED -> throw new AssertionError("sequence " + sequence.id + " has already ended");
        }
        sequence.state = State.ENDED;
        recorder.left(sequence);
        if (sequence == memoryKeptFor) {
            memoryKeptFor = null;
        }
    }

    private void stopRunning(Sequence sequence) {
        running.remove(sequence);
        slots.release(seats.slot(sequence.seat));
        seats.leave(sequence, plannedSteps);
        blocks.release(sequence);
        slotsChanged = true;
        if (sequence == runningAlone) {
            runningAlone = null;
        }
    }

    private RankedSequences queueOf(Sequence sequence) {
        return sequence.request.alone() ? waitingAlone : waiting;
    }
}
