package dev.flover.app.client;

import dev.flover.app.options.CommandException;
import dev.flover.schemas.Refused;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;

/// Explains failures whose messages in Kafka's libraries do not name the cause: a registry that refuses the user, or a
/// listener that expects another protocol and does not answer.
public final class Refusal {
    private Refusal() {}

    /// Makes the error for a client of Kafka that refuses its combination of settings, each of which is valid alone.
    public static CommandException ofSettings(String client, KafkaException failure) {
        return new CommandException("Kafka's " + client + " cannot be set up: " + CommandException.reason(failure)
                + "; `flover config` shows where each kafka. setting comes from", failure);
    }

    /// Returns the message for a user whose request was refused because its id was used by a different request.
    static String sentence(String id, Refused refused) {
        return "the request " + id + " in partition " + refused.getPartition() + " at offset " + refused.getOffset()
                + " was refused: " + refused.getReason() + ". The first request of that id is not affected";
    }

    public static String reason(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return "the schema registry refuses: " + answer.getMessage();
            }
        }
        String reason = CommandException.reason(failure);
        return failure instanceof TimeoutException || failure.getCause() instanceof TimeoutException
                ? reason + "; where the cluster wants TLS or a password, give it with --client-properties"
                : reason;
    }
}
