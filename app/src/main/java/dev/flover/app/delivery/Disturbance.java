package dev.flover.app.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;

/// What is done to an instance of the pipeline, or to the world around it.
enum Disturbance {
    /// Kill -9; it is started again at once.
    @JsonProperty("kill") KILL("kill"),
    /// Kill -9; it stays away until somebody joins.
    @JsonProperty("loss") LOSS("loss"),
    /// SIGTERM; it is started again when it has ended.
    @JsonProperty("restart") RESTART("restart"),
    /// SIGTERM; it stays away until somebody joins.
    @JsonProperty("leave") LEAVE("leave"),
    /// One more is started.
    @JsonProperty("join") JOIN("join"),
    /// SIGSTOP, until well after the others have to think it dead; then SIGCONT.
    @JsonProperty("pause") PAUSE("pause"),
    /// Something is done to the world around it: see [Trouble].
    @JsonProperty("weather") WEATHER("weather");

    private final String word;

    Disturbance(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    /// Whether generations wait until somebody takes them up again.
    boolean interrupts() {
        return this != JOIN && this != WEATHER;
    }
}
