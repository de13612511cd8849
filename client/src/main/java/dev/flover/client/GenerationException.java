package dev.flover.client;

import dev.flover.schemas.Finish;
import dev.flover.schemas.Rejection;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Says why a generation has no whole answer. Its kinds are the nested classes; the message says the reason and the
/// remedy.
public abstract sealed class GenerationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String id;

    private GenerationException(String id, String message, @Nullable Throwable cause) {
        super(Objects.requireNonNull(message), cause);
        this.id = id;
    }

    /// Returns the id of the request.
    public String id() {
        return id;
    }

    /// Returns the exception for an answer that has ended; null if it ended well.
    static @Nullable GenerationException of(String id, Finish finish) {
        String reason = finish.getMessage().isEmpty() ? "" : ": " + finish.getMessage();
        return switch (finish.getReason()) {
            case STOP, LENGTH, UNKNOWN -> null;
            case CANCELLED -> new Cancelled(id, "the request " + id + " was cancelled" + reason);
            case REJECTED -> new Rejected(id, "the request " + id + " was rejected" + reason, finish.getRejection(),
                    null);
            case EXPIRED -> new Expired(id, "the deadline of the request " + id + " has passed" + reason);
            case ERROR -> new Failed(id, "the request " + id + " was given up" + reason);
        };
    }

    /// The request cannot be served as it is. Sending it again does not help.
    public static final class Rejected extends GenerationException {
        private static final long serialVersionUID = 1;

        private final transient @Nullable Rejection rejection;

        Rejected(String id, String message, @Nullable Rejection rejection, @Nullable Throwable cause) {
            super(id, message, cause);
            this.rejection = rejection;
        }

        /// Returns the kind of the fault and the wrong field; empty if the pipeline did not tell them.
        public Optional<Rejection> rejection() {
            return Optional.ofNullable(rejection);
        }
    }

    /// The pipeline could not compute the answer.
    public static final class Failed extends GenerationException {
        private static final long serialVersionUID = 1;

        Failed(String id, String message) {
            super(id, message, null);
        }
    }

    /// The request's deadline passed before its answer ended.
    public static final class Expired extends GenerationException {
        private static final long serialVersionUID = 1;

        Expired(String id, String message) {
            super(id, message, null);
        }
    }

    /// The request was cancelled before its answer ended.
    public static final class Cancelled extends GenerationException {
        private static final long serialVersionUID = 1;

        Cancelled(String id, String message) {
            super(id, message, null);
        }
    }

    /// A different request was sent under the same id before. That request is not affected.
    public static final class Refused extends GenerationException {
        private static final long serialVersionUID = 1;

        Refused(String id, String message) {
            super(id, message, null);
        }
    }

    /// The topics have no record of the answer from the wanted position on: the id was never used, or the retention of
    /// the tokens topic has deleted the records, or no record begins at that position.
    public static final class LostBeginning extends GenerationException {
        private static final long serialVersionUID = 1;

        LostBeginning(String id, String message) {
            super(id, message, null);
        }
    }

    /// The cluster, the schema registry or the pipeline does not answer, or the client was closed. A later attempt may
    /// succeed: the same request may be sent again under the same id, and [Flover#attach] reads on.
    public static final class Unavailable extends GenerationException {
        private static final long serialVersionUID = 1;

        Unavailable(String id, String message, @Nullable Throwable cause) {
            super(id, message, cause);
        }
    }
}
