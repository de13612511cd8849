package dev.flover.benchmarks.delivery;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Makes requests of all kinds: greedy and sampled, with and without logprobs, with stop strings and constraints, ended
/// by the model or by the limit of tokens.
///
/// The result is a pure function of the seed. Every sampling parameter is set, so that no default of a pipeline
/// matters.
final class RequestMix {
    private static final List<String> OPENINGS = List.of(
            "It was a dark night", "The old house", "My dear friend,", "She looked at the sea", "When I was a boy",
            "The captain said", "In the morning", "He had never", "\"Come in,\" said the", "London was");
    private static final List<String> STOPS = List.of(". ", "the", " and", "\"", "he ");
    private static final int MIN_TOKENS = 4;
    private static final int MAX_TOKENS = 160;
    private static final int LOGPROBS_EVERY = 3;
    private static final int STOPS_EVERY = 5;
    private static final int CONSTRAINTS_EVERY = 6;
    private static final String SCHEMA = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "legs": {"enum": [2, 4]},
             "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 3}},
             "required": ["name", "legs"], "additionalProperties": false}""";

    private RequestMix() {}

    /// @param models names that requests choose from; some requests name no model
    static List<GenerationRequest> of(int count, long seed, List<String> models) {
        TrustedRecords.trust();
        var random = new Random(seed);
        var requests = new ArrayList<GenerationRequest>(count);
        for (int i = 0; i < count; i++) {
            int choice = i / 2 % (models.size() + 1);
            requests.add(request(i, choice == 0 ? null : models.get(choice - 1), random));
        }
        return requests;
    }

    private static GenerationRequest request(int number, @Nullable String model, Random random) {
        boolean constrained = number % CONSTRAINTS_EVERY == 3;
        boolean stopped = !constrained && number % STOPS_EVERY == 2;
        List<String> stops = stopped ? List.of(pick(STOPS, random), pick(STOPS, random)) : List.of();
        Integer logprobs = number % LOGPROBS_EVERY == 1 ? random.nextInt(4) : null;
        var request = GenerationRequest.newBuilder()
                .setId("generation-" + number)
                .setModel(model)
                .setPrompt(pick(OPENINGS, random))
                .setMaxTokens(random.nextInt(MIN_TOKENS, MAX_TOKENS + 1))
                .setSampling(sampling(number % 2 == 0, random))
                .setSeed(random.nextLong())
                .setStop(stops)
                .setLogprobs(logprobs)
                .setIgnoreEos(random.nextInt(4) != 0 && !constrained);
        return constrained ? constrained(request, number / CONSTRAINTS_EVERY % 3) : request.build();
    }

    private static GenerationRequest constrained(GenerationRequest.Builder request, int kind) {
        return switch (kind) {
            case 0 -> request.setJsonSchema(SCHEMA).build();
            case 1 -> request.setRegex("(?:[A-Z][a-z]{1,9} ){3,8}[a-z]+\\.").build();
            default -> request.setChoices(List.of("yes", "no", "nobody knows")).build();
        };
    }

    private static Sampling sampling(boolean greedy, Random random) {
        return Sampling.newBuilder()
                .setTemperature(greedy ? 0f : 0.5f + random.nextFloat())
                .setTopK(greedy ? 0 : random.nextInt(100))
                .setTopP(greedy ? 1f : 0.8f + 0.2f * random.nextFloat())
                .setMinP(0f)
                .setTypicalP(1f)
                .setRepetitionPenalty(random.nextInt(4) == 0 ? 1.1f : 1f)
                .setPresencePenalty(0f)
                .setFrequencyPenalty(random.nextInt(4) == 0 ? 0.2f : 0f)
                .build();
    }

    private static String pick(List<String> texts, Random random) {
        return texts.get(random.nextInt(texts.size()));
    }
}
