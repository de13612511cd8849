package dev.flover.benchmarks.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;

/// A disturbance of the services around the pipeline, which lasts some seconds.
enum Trouble {
    /// The broker gets SIGSTOP: connections stay open, and no request is answered.
    @JsonProperty("broker_paused") BROKER_PAUSED("broker paused"),
    /// The broker is killed by SIGKILL and started again at once.
    @JsonProperty("broker_killed") BROKER_KILLED("broker killed"),
    /// An ACL forbids writing to the tokens topic, which ends lives of Kafka Streams.
    @JsonProperty("writes_denied") WRITES_DENIED("writes denied"),
    /// A quota limits the pipelines' producers to 2,000 bytes per second.
    @JsonProperty("quota") QUOTA("producer quota"),
    @JsonProperty("clock_set_back") CLOCK_SET_BACK("clock set back two minutes, and ahead again"),
    /// The registry answers with the error 503.
    @JsonProperty("registry_away") REGISTRY_AWAY("registry answers 503"),
    @JsonProperty("registry_lost") REGISTRY_LOST("registry answers with another server's 404"),
    @JsonProperty("registry_slow") REGISTRY_SLOW("registry answers after a second"),
    /// Another producer opens a transaction on every partition of the requests topic, and aborts it at the end.
    @JsonProperty("foreign_transaction") FOREIGN_TRANSACTION("foreign transaction on the requests"),
    /// Records are written to the requests topic that are not requests: random bytes, unknown schemas, headers of any
    /// size.
    @JsonProperty("strange_records") STRANGE_RECORDS("invalid records");

    private final String words;

    Trouble(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }
}
