package dev.flover.benchmarks.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/// Writes a file of requests in all forms, with a few wrong lines. Each line has a seed, because the default seed would
/// differ between two jobs.
final class LineFile {
    private static final List<String> OPENINGS = List.of("It was a dark night", "The old house", "My dear friend",
            "She looked at the sea", "When I was a boy", "The captain said", "In the morning", "He had never");
    /// The number of lines of which one is wrong.
    private static final int WRONG_LINE_IN = 100;

    private LineFile() {}

    /// @return the number of wrong lines
    static int write(Path file, int lines, int maxTokens, long seed) throws IOException {
        var random = new Random(seed);
        int wrong = 0;
        try (var out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < lines; i++) {
                boolean isWrong = random.nextInt(WRONG_LINE_IN) == 0;
                wrong += isWrong ? 1 : 0;
                out.write(isWrong ? wrong(i) : right(i, maxTokens, random));
                out.write('\n');
            }
        }
        return wrong;
    }

    private static String right(int number, int maxTokens, Random random) {
        String prompt = OPENINGS.get(random.nextInt(OPENINGS.size())) + ", " + random.nextInt(1000) + " times,";
        int tokens = 1 + random.nextInt(maxTokens);
        var object = JsonNodeFactory.instance.objectNode();
        if (number % 2 == 0) {
            return object.put("id", "own-" + number).put("prompt", prompt).put("max_tokens", tokens)
                    .put("seed", number).toString();
        }
        object.put("custom_id", "line-" + number).put("method", "POST").put("url", "/v1/completions")
                .putObject("body").put("prompt", prompt).put("max_tokens", tokens).put("seed", number);
        return object.toString();
    }

    private static String wrong(int number) {
        return switch (number % 3) {
            case 0 -> "{\"custom_id\": \"line-" + number + "\", \"method\": \"POST\", \"url\": \"/v1/x\", "
                    + "\"body\": {}}";
            case 1 -> "{\"prompt\": \"cut off";
            default -> "{\"id\": \"own-" + number + "\", \"prompt\": \"" + "long ".repeat(3000) + "\"}";
        };
    }
}
