package dev.flover.tests.pipeline;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/// The model that comes with Flover, and the tokens that the engine computes with it when there is no pipeline.
final class BundledModel {
    private static final List<Path> PLACES = List.of(
            Path.of("..", "models", "novelist-f16.gguf"), Path.of("..", "..", "shared", "models", "novelist-f16.gguf"));

    private BundledModel() {}

    static Path path() {
        var found = PLACES.stream().filter(Files::exists).findFirst();
        Assumptions.assumeTrue(found.isPresent(), "the bundled model is not here: " + PLACES);
        return found.get();
    }

    static Model open() {
        return ModelLoader.open(path());
    }

    static EngineConfig config() {
        return EngineConfig.of(16, 128).withPrefillChunk(64).withKvBlocks(512);
    }

    static Engine engine(Model model) {
        return Engine.start(model, Backends.open("cpu", 2), config());
    }

    /// Computes the tokens of each request with the engine alone, in the order of the requests.
    static List<List<Integer>> tokens(List<SequenceRequest> requests) {
        try (var model = open(); var engine = engine(model)) {
            var answers = new HashMap<Long, List<Integer>>();
            var order = new ArrayList<Long>();
            for (var request : requests) {
                long sequence = engine.admit(request);
                answers.put(sequence, new ArrayList<>());
                order.add(sequence);
            }
            var sink = new Collecting(answers);
            while (engine.step(sink)) {
                // each call is one step; the loop ends when every sequence has ended
            }
            return order.stream().map(answers::get).toList();
        }
    }

    private record Collecting(Map<Long, List<Integer>> answers) implements TokenSink {
        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            answers.get(sequence).add(tokenId);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {}
    }
}
