package dev.flover.benchmarks.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;

/// A disturbance of an instance of the pipeline, or of the services around it.
enum Disturbance {
    /// The process is killed by SIGKILL and started again at once.
    @JsonProperty("kill") KILL("kill"),
    /// The process is killed by SIGKILL and stays away until a join starts it.
    @JsonProperty("loss") LOSS("loss"),
    /// The process gets SIGTERM and is started again when it has ended.
    @JsonProperty("restart") RESTART("restart"),
    /// The process gets SIGTERM and stays away until a join starts it.
    @JsonProperty("leave") LEAVE("leave"),
    /// One more instance is started.
    @JsonProperty("join") JOIN("join"),
    /// The process gets SIGSTOP, and SIGCONT some time after its session in the group has expired.
    @JsonProperty("pause") PAUSE("pause"),
    /// A service around the pipeline is disturbed: see [Trouble].
    @JsonProperty("weather") WEATHER("weather");

    private final String word;

    Disturbance(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    /// Tells whether the disturbance interrupts generations until an instance resumes them.
    boolean interrupts() {
        return this != JOIN && this != WEATHER;
    }
}
