package dev.flover.topology;

import java.io.IOException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthorizationException;

/// Failures of Kafka's clients and of Kafka Streams, as an operator wants to read of them.
final class Failures {
    private static final String UNRESOLVED = "No resolvable bootstrap urls";
    private static final String GRANTS = "; docs/operate/security.md lists what a pipeline has to be granted";

    private Failures() {}

    static Throwable rootOf(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    /// Whether the name service knows none of the brokers' names at present.
    static boolean isUnresolved(Throwable failure) {
        var root = rootOf(failure);
        return root instanceof ConfigException && String.valueOf(root.getMessage()).contains(UNRESOLVED);
    }

    /// Whether the clients' properties cannot be used, however long one waits.
    static boolean isOfProperties(Throwable failure) {
        return rootOf(failure) instanceof ConfigException && !isUnresolved(failure);
    }

    /// Whether a sentence says all there is to say; a failure of our own needs its stack trace.
    ///
    /// @param failure null where Kafka Streams has stopped without one
    static boolean isOfTheWorld(Throwable failure) {
        return failure == null || rootOf(failure) instanceof KafkaException || rootOf(failure) instanceof IOException;
    }

    /// @param brokers the addresses that were tried
    static String reason(Throwable failure, String brokers) {
        var root = rootOf(failure);
        if (isUnresolved(root)) {
            return "the name service has no address for " + brokers;
        }
        return root instanceof AuthorizationException ? root.getMessage() + GRANTS : String.valueOf(root.getMessage());
    }
}
