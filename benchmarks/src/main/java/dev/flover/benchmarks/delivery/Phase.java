package dev.flover.benchmarks.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;

/// The state of a pipeline when it was killed, as observed from outside.
enum Phase {
    @JsonProperty("loading") LOADING("starts, loads the model"),
    @JsonProperty("connecting") CONNECTING("looks for broker, topics, registry"),
    @JsonProperty("restoring") RESTORING("joins the group, restores"),
    @JsonProperty("serving") SERVING("serves, no token committed yet"),
    @JsonProperty("settled") SETTLED("generates, all output is committed"),
    @JsonProperty("in_transaction") IN_TRANSACTION("generates, inside a transaction");

    private final String words;

    Phase(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }
}
