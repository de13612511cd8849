package dev.flover.benchmarks.load;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.ContractSerde;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A random sequence of requests, the same for the same seed.
///
/// Four tenants with equal shares send requests in the ratio 4 : 3 : 2 : 1. Prompts have about ten tokens; one in a
/// hundred fills most of the model's context. Answers have 2 to 8 tokens. Priorities are -10, 0 and 10.
final class RequestMix {
    static final List<String> TENANTS = List.of("north", "east", "south", "west");
    static final List<Integer> PRIORITIES = List.of(10, 0, -10);
    private static final List<String> OFFERED = List.of(
            "north", "north", "north", "north", "east", "east", "east", "south", "south", "west");
    private static final int LONG_PROMPTS_OF = 100;
    private static final int LONG_PROMPT_WORDS = 120;
    private static final int FIRST_DEADLINE_MS = 60_000;
    private static final int LAST_DEADLINE_MS = 150_000;
    private static final String PROMPT = "The old house stood on the hill";

    private final Random random;
    private final ContractSerde<GenerationRequest> serde;
    private final String topic;
    private final double deadlineShare;
    private final double badShare;

    /// A record to send.
    ///
    /// @param bad whether the record is no request or exceeds the limits, so that it cannot be answered with tokens
    record Outgoing(byte[] key, byte[] value, boolean bad) {}

    RequestMix(long seed, String registryUrl, String topic, double deadlineShare, double badShare) {
        this.random = new Random(seed);
        this.serde = ContractSerde.of(GenerationRequest.class, Map.of("schema.registry.url", registryUrl));
        this.topic = topic;
        this.deadlineShare = deadlineShare;
        this.badShare = badShare;
    }

    /// Returns a tenant's share of the requests that are sent.
    static double offered(String tenant) {
        return OFFERED.stream().filter(tenant::equals).count() / (double) OFFERED.size();
    }

    Outgoing next(String id) {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        boolean bad = random.nextDouble() < badShare;
        if (bad && random.nextBoolean()) {
            byte[] noise = new byte[random.nextInt(1, 200)];
            random.nextBytes(noise);
            return new Outgoing(key, noise, true);
        }
        boolean isLong = random.nextInt(LONG_PROMPTS_OF) == 0;
        int priority = PRIORITIES.get(random.nextInt(PRIORITIES.size()));
        Long deadline = random.nextDouble() < deadlineShare
                ? Long.valueOf(random.nextInt(FIRST_DEADLINE_MS, LAST_DEADLINE_MS)) : null;
        var request = GenerationRequest.newBuilder().setId(id)
                .setPrompt(isLong ? "word ".repeat(LONG_PROMPT_WORDS) : PROMPT)
                .setTenant(OFFERED.get(random.nextInt(OFFERED.size())))
                .setPriority(priority)
                .setDeadlineMs(deadline)
                .setMaxTokens(bad ? Integer.MAX_VALUE : random.nextInt(2, 9))
                .setIgnoreEos(true)
                .setMetadata(Map.of("priority", Integer.toString(priority)))
                .setSampling(Sampling.newBuilder().setTemperature(1f).build())
                .build();
        return new Outgoing(key, serde.serializer().serialize(topic, request), bad);
    }
}
