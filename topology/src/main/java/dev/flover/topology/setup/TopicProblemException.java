package dev.flover.topology.setup;

/// Thrown when the topics are configured so that the pipeline could not keep its promises. The message says what to
/// change.
public final class TopicProblemException extends RuntimeException {
    public TopicProblemException(String message) {
        super(message);
    }
}
