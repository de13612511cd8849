package dev.flover.app.bench.topics;

import dev.flover.app.options.CommandException;

/// What needs Kafka is not in the bundle of the engine alone.
public final class WholeFlover {
    private WholeFlover() {}

    /// @param what needs it
    /// @throws CommandException where only the engine is there
    public static void require(String what) {
        try {
            Class.forName("org.apache.kafka.streams.KafkaStreams");
        } catch (ClassNotFoundException e) {
            throw new CommandException(what + " needs the whole Flover; this is the engine alone", e);
        }
    }
}
