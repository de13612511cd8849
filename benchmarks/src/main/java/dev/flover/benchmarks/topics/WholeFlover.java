package dev.flover.benchmarks.topics;

import dev.flover.app.options.CommandException;

/// Checks that Kafka's libraries are present: the bundle of the engine alone lacks them.
public final class WholeFlover {
    private WholeFlover() {}

    /// @param what the function that needs them, for the message
    /// @throws CommandException if only the engine is present
    public static void require(String what) {
        try {
            Class.forName("org.apache.kafka.streams.KafkaStreams");
        } catch (ClassNotFoundException e) {
            throw new CommandException(what + " needs the whole of Flover; this build holds only the engine", e);
        }
    }
}
