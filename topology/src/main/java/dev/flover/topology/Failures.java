package dev.flover.topology;

import java.io.IOException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;

/// Classifies failures of Kafka's clients and of Kafka Streams, and describes them for an operator.
final class Failures {
    private static final String UNRESOLVED = "No resolvable bootstrap urls";
    private static final String GRANTS = "; docs/operate/security.md lists the permissions that a pipeline needs";

    private Failures() {}

    static Throwable rootOf(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    /// Whether a client failed because the name service knows none of the brokers' names at present.
    static boolean isUnresolved(Throwable failure) {
        var root = rootOf(failure);
        return root instanceof ConfigException && String.valueOf(root.getMessage()).contains(UNRESOLVED);
    }

    /// Whether the clients' properties are invalid, which waiting does not change.
    static boolean isOfProperties(Throwable failure) {
        return rootOf(failure) instanceof ConfigException && !isUnresolved(failure);
    }

    /// Whether a failure comes from the cluster or the file system, so that its message is enough for the log. A
    /// failure of this program is logged with its stack trace.
    ///
    /// @param failure null where Kafka Streams has stopped without one
    static boolean isOfTheWorld(@Nullable Throwable failure) {
        return failure == null || rootOf(failure) instanceof KafkaException || rootOf(failure) instanceof IOException;
    }

    /// The reason of a failure, for an operator.
    ///
    /// @param brokers the brokers' addresses that were tried
    static String reason(Throwable failure, String brokers) {
        var root = rootOf(failure);
        if (isUnresolved(root)) {
            return "no host name can be resolved of the brokers " + brokers;
        }
        return root instanceof AuthorizationException ? root.getMessage() + GRANTS : String.valueOf(root.getMessage());
    }
}
