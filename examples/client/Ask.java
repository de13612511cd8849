import dev.flover.client.Flover;

/// Sends a prompt and prints the answer as it is committed. Needs Java 17. The pipeline runs with
/// `--output json`.
///
///   java -cp FLOVER_CLIENT_AND_ITS_LIBRARIES Ask.java BROKER PROMPT
class Ask {
    public static void main(String[] arguments) {
        try (var flover = Flover.connect(arguments[0]);
                var generation = flover.generate(Flover.request().setPrompt(arguments[1]).setMaxTokens(60))) {
            for (var chunk : generation) {
                System.out.print(chunk.getText());
                if (chunk.getFinish() != null) {
                    System.out.println("\n" + chunk.getFinish().getReason());
                }
            }
        }
    }
}
