package dev.flover.app.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;

/// What the world around the pipeline may do, for some seconds at a time.
enum Trouble {
    /// SIGSTOP; connections stay open, and nobody answers.
    @JsonProperty("broker_paused") BROKER_PAUSED("broker paused"),
    /// Kill -9; it is started again at once.
    @JsonProperty("broker_killed") BROKER_KILLED("broker killed"),
    /// Nothing may be written to the tokens, by an ACL: lives of Kafka Streams end.
    @JsonProperty("writes_denied") WRITES_DENIED("writes denied"),
    /// The pipelines may write some bytes a second.
    @JsonProperty("quota") QUOTA("producer quota"),
    @JsonProperty("clock_set_back") CLOCK_SET_BACK("clock set back two minutes, and ahead again"),
    /// It answers with an error.
    @JsonProperty("registry_away") REGISTRY_AWAY("registry answers 503"),
    @JsonProperty("registry_lost") REGISTRY_LOST("registry answers with another server's 404"),
    @JsonProperty("registry_slow") REGISTRY_SLOW("registry answers after a second"),
    /// Somebody else's, on every partition of the requests; aborted at its end.
    @JsonProperty("foreign_transaction") FOREIGN_TRANSACTION("foreign transaction on the requests"),
    /// Among the requests: bytes that are none, schemas that nobody has, headers of any size.
    @JsonProperty("strange_records") STRANGE_RECORDS("records that are no requests");

    private final String words;

    Trouble(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }
}
