package dev.flover.topology.generation;

import dev.flover.engine.api.FinishReason;
import dev.flover.topology.notes.GenerationNotes.Note;

/// Gives the sequences of one partition's generations to the engine, and takes them back.
final class Starts {
    private final ProcessParts parts;
    private final int partition;

    Starts(ProcessParts parts, int partition) {
        this.parts = parts;
        this.partition = partition;
    }

    /// Gives the unfinished answers of a generation to the engine, from their tokens so far.
    ///
    /// @throws IllegalArgumentException if the engine cannot compute the request; the message says why
    void answers(LiveGeneration generation) {
        for (var answer : generation.answers) {
            if (!answer.isEnded() && !answer.isFinished()) {
                start(answer);
            }
        }
    }

    private void start(LiveAnswer answer) {
        var generation = answer.generation();
        var plan = generation.plan;
        int[] ids = answer.ids();
        if (ids.length >= plan.maxTokens()) {
            answer.finishedByEngine(FinishReason.LENGTH);
        } else if (ids.length > 0 && plan.stopIds().contains(ids[ids.length - 1])) {
            answer.finishedByEngine(FinishReason.STOP);
        } else {
            parts.engine().admit(answer, plan.sequence(generation.promptIds).with(r -> r
                    .generatedIds(ids).answerIndex(answer.index())
                    .priority(generation.stored.getRequest().getPriority()).background(generation.isBatch())
                    .alone(generation.alone)
                    .promptLogprobs(answer.wantedOfPrompt()).constraint(generation.constraint())));
            parts.notes().add(new Note.Begun(
                    parts.number(), answer.sequence(), answer.index(), ids.length, generation.origin(partition)));
        }
    }

    /// Gives a cleared suspect's sequences to the engine again, so that they are batched with other sequences from now
    /// on.
    void again(LiveGeneration generation) {
        for (var answer : generation.answers) {
            if (answer.isAdmitted()) {
                parts.engine().release(answer);
                start(answer);
            }
        }
    }

    /// Takes a batch generation's sequences from the engine. They are computed again, from their tokens so far, when
    /// the generation's turn comes again.
    void suspend(LiveGeneration generation) {
        for (var answer : generation.answers) {
            parts.engine().release(answer);
        }
        parts.room().yielded(generation.ticket);
        parts.metrics().batchYielded();
    }
}
