package dev.flover.topology.setup;

/// The topics are not such that the pipeline could keep its promises on them. The message says what to change.
public final class TopicProblemException extends RuntimeException {
    public TopicProblemException(String message) {
        super(message);
    }
}
