package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.Generations.Outcome;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Checks draws within constraints, together with other sequences and with two steps in flight. This is a short version
/// of [EngineContract], for slow backends.
public abstract class ConstrainedDrawsContract {
    private static final EngineConfig CONFIG = EngineConfig.of(8, 32).withPrefillChunk(16).withKvBlocks(60);

    protected abstract BackendGroup open();

    @Test
    void tokensWithinAMaskAreThoseOfTheReference() {
        var found = together(open(), fitting());

        assertThat(found).allMatch(outcome -> outcome.reason() == FinishReason.STOP);
        assertThat(found).extracting(Outcome::tokens).isEqualTo(
                together(new ReferenceBackend(), fitting()).stream().map(Outcome::tokens).toList());
    }

    @Test
    void rowsWithoutAConstraintKeepTheirBitsBesideOnesThatHaveOne() {
        var both = new ArrayList<>(free());
        both.addAll(fitting());

        assertThat(together(open(), both).subList(0, free().size())).isEqualTo(together(open(), free()));
    }

    /// Requests with constraints: greedy; sampled; with penalties and a bias; with a minimum number of tokens that the
    /// constraint allows, and one that it does not allow; and one that is resumed in the middle of its answer.
    private static List<SequenceRequest> fitting() {
        var constraint = fitting("(ab|ba){2,3}c[0-9]{2}");
        var least = SamplingParams.sampled(2, 5).withMinTokens(6);
        var penalised = SamplingParams.sampled(1.5f, 11).with(s -> s.repetitionPenalty(1.2f)
                .presencePenalty(0.1f).frequencyPenalty(0.1f).topK(40).topP(0.95f).topLogprobs(2)
                .logitBias(new LogitBias(new int[] {'a' - ' '}, new float[] {1.5f})));
        return List.of(
                request(new int[] {5, 6, 7}, SamplingParams.greedy(), constraint),
                request(new int[] {1, 2}, SamplingParams.sampled(2, 3), constraint),
                request(new int[] {8, 2, 4, 4}, penalised, constraint),
                request(new int[] {6}, least, fitting("[xyz]{1,9}")),
                request(new int[] {6, 1}, least, fitting("[xyz]{1,3}")),
                SequenceRequest.of(new int[] {9, 8}, SamplingParams.sampled(1.5f, 4), 40, TokenSet.of(LetterTokens.END))
                        .withGeneratedIds(new int[] {'b' - ' ', 'a' - ' '}).withConstraint(constraint));
    }

    private static Constraint fitting(String pattern) {
        return new ConstraintCompiler(new LetterTokens()).compile(new ConstraintSource.Pattern(pattern));
    }

    private static SequenceRequest request(int[] prompt, SamplingParams sampling, Constraint constraint) {
        return SequenceRequest.of(prompt, sampling, 40, TokenSet.of(LetterTokens.END)).withConstraint(constraint);
    }

    private static List<SequenceRequest> free() {
        return List.of(
                SequenceRequest.of(new int[] {3, 4}, SamplingParams.sampled(1, 6), 14, TokenSet.EMPTY),
                SequenceRequest.of(new int[] {7, 7, 7}, SamplingParams.greedy(), 9, TokenSet.EMPTY));
    }

    private static List<Outcome> together(BackendGroup backend, List<SequenceRequest> requests) {
        var generations = new Generations();
        try (var model = TinyModels.llama(21, TensorType.F32); var engine = Engine.start(model, backend, CONFIG)) {
            var ids = new ArrayList<Long>();
            for (var request : requests) {
                long id = engine.admit(request);
                generations.expect(id, request);
                ids.add(id);
            }
            while (engine.step(generations)) {
                // until all sequences have finished
            }
            return ids.stream().map(generations::outcome).toList();
        }
    }
}
