package dev.flover.engine.selftest;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Checks whole generations: the tokens of a sequence must not depend on the other sequences, nor on how its tokens
/// were computed.
final class SequenceChecks {
    private final Supplier<Backend> backends;
    private final long seed;
    private final boolean full;
    private final Consumer<Check> report;

    SequenceChecks(Supplier<Backend> backends, long seed, SelfTest.Size size, Consumer<Check> report) {
        this.backends = backends;
        this.seed = seed;
        full = size == SelfTest.Size.FULL;
        this.report = report;
    }

    /// The tokens of each sequence, by the engine's id of the sequence.
    private static final class Answers implements TokenSink {
        private final Map<Long, List<Integer>> tokens = new HashMap<>();

        @Override
        public void token(
                long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
            tokens.computeIfAbsent(sequence, id -> new ArrayList<>()).add(tokenId);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            assert tokens.containsKey(sequence);
        }

        List<Integer> of(long sequence) {
            return tokens.getOrDefault(sequence, List.of());
        }
    }

    void run() {
        var types = full
                ? new TensorType[] {TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0}
                : new TensorType[] {TensorType.F32, TensorType.F16};
        for (var type : types) {
            sameAmongOthers(RandomModels.llama(seed, type), "llama " + type);
            if (full || type == TensorType.F16) {
                sameAfterPrefill(RandomModels.neox(seed, type), "neox " + type);
            }
        }
        sameAsReference();
        joinsAndLeaves();
    }

    /// The greedy tokens of an F32 model must equal those of the reference backend: the gap between the two largest
    /// logits is far above rounding errors.
    private void sameAsReference() {
        try (var model = RandomModels.llama(seed, TensorType.F32)) {
            var requests = requests(full ? 8 : 2, 12, true);
            var expected = together(model, new ReferenceBackend(), requests);
            var found = together(model, backends.get(), requests);
            report.accept(compare("llama F32 greedy as the reference", expected, found));
        }
    }

    private void sameAmongOthers(Model model, String name) {
        try (model) {
            var requests = requests(full ? 24 : 5, full ? 40 : 8, false);
            var expected = new ArrayList<List<Integer>>();
            for (var request : requests) {
                expected.addAll(together(model, backends.get(), List.of(request)));
            }
            report.accept(compare(name + " alone and among others", expected,
                    together(model, backends.get(), requests)));
        }
    }

    /// Checks that computing generated tokens again, as part of a prompt, gives the same continuation.
    private void sameAfterPrefill(Model model, String name) {
        try (model) {
            var requests = requests(full ? 12 : 3, full ? 40 : 8, false);
            var whole = together(model, backends.get(), requests);
            var resumed = new ArrayList<SequenceRequest>();
            var expected = new ArrayList<List<Integer>>();
            for (int i = 0; i < requests.size(); i++) {
                int done = whole.get(i).size() / 2;
                var request = requests.get(i);
                int[] generated = whole.get(i).subList(0, done).stream().mapToInt(Integer::intValue).toArray();
                resumed.add(request.withGeneratedIds(generated));
                expected.add(whole.get(i).subList(done, whole.get(i).size()));
            }
            report.accept(compare(name + " decoded and prefilled again", expected,
                    together(model, backends.get(), resumed)));
        }
    }

    /// Checks many sequences that start and end at random steps, some of them cancelled: the first ones must have the
    /// same tokens as when computed alone.
    private void joinsAndLeaves() {
        int count = full ? 1000 : 14;
        try (var model = RandomModels.llama(seed, TensorType.F16)) {
            var requests = requests(count, full ? 24 : 4, false);
            var checked = requests.subList(0, Math.min(count, full ? 60 : 6));
            var expected = together(model, backends.get(), checked);
            var random = new Random(seed);
            var answers = new Answers();
            var ids = new ArrayList<Long>();
            int cancelled = 0;
            try (var engine = Engine.start(model, backends.get(), EngineConfig.of(32, 64).withPrefillChunk(16)
                    .withKvBlocks(1000))) {
                boolean more = true;
                while (more || ids.size() < count) {
                    for (int burst = random.nextInt(5); burst > 0 && ids.size() < count; burst--) {
                        ids.add(engine.admit(requests.get(ids.size())));
                    }
                    if (ids.size() > checked.size() && random.nextInt(8) == 0) {
                        engine.cancel(ids.get(checked.size() + random.nextInt(ids.size() - checked.size())));
                        cancelled++;
                    }
                    more = engine.step(answers);
                }
                boolean freed = engine.status().blocksUsed() == 0;
                var found = ids.subList(0, checked.size()).stream().map(answers::of).toList();
                var check = compare(count + " joins and leaves, " + cancelled + " cancelled", expected, found);
                report.accept(new Check(check.name(), check.passed() && freed,
                        check.detail() + (freed ? "" : "; not all blocks were freed")));
            }
        }
    }

    private List<SequenceRequest> requests(int count, int mostTokens, boolean greedy) {
        var random = new Random(seed + count);
        var requests = new ArrayList<SequenceRequest>();
        for (int i = 0; i < count; i++) {
            int length = i % 7 == 6 ? 250 + random.nextInt(20) : 1 + random.nextInt(40);
            int[] prompt = random.ints(length, 0, RandomModels.VOCABULARY).toArray();
            var sampling = greedy || i % 3 == 0 ? SamplingParams.greedy() : SamplingParams.sampled(0.9f, i);
            requests.add(SequenceRequest.of(prompt, sampling, 1 + random.nextInt(mostTokens), TokenSet.EMPTY));
        }
        return requests;
    }

    private static List<List<Integer>> together(Model model, Backend backend, List<SequenceRequest> requests) {
        var answers = new Answers();
        try (var engine = Engine.start(model, backend, EngineConfig.of(32, 64).withPrefillChunk(24)
                .withKvBlocks(1000))) {
            var ids = requests.stream().map(engine::admit).toList();
            while (engine.step(answers)) {
                // each step computes the next tokens of all sequences
            }
            return ids.stream().map(answers::of).toList();
        }
    }

    private static Check compare(String name, List<List<Integer>> expected, List<List<Integer>> found) {
        int equal = 0;
        for (int i = 0; i < expected.size(); i++) {
            equal += expected.get(i).equals(found.get(i)) && !found.get(i).isEmpty() ? 1 : 0;
        }
        return new Check(name, equal == expected.size(), equal + " of " + expected.size() + " sequences equal");
    }
}
