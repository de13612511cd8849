package dev.flover.app.client;

import dev.flover.app.options.CommandException;
import dev.flover.schemas.Refused;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;

/// Who refused, where the libraries' messages do not say it: the registry, or a listener that was spoken to in the
/// wrong protocol and does not answer at all.
final class Refusal {
    private Refusal() {}

    /// A client that refuses its settings, each of which it would take.
    static CommandException ofSettings(String client, KafkaException failure) {
        return new CommandException("Kafka's " + client + " cannot be set up: " + CommandException.reason(failure)
                + "; `flover config` shows where each kafka. setting comes from", failure);
    }

    /// What the sender of another request under a used id is told.
    static String sentence(String id, Refused refused) {
        return "the request " + id + " in partition " + refused.getPartition() + " at offset " + refused.getOffset()
                + " was refused: " + refused.getReason() + ". The first request of that id is not affected";
    }

    static String reason(Throwable failure) {
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
