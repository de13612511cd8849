package dev.flover.http.jobs;

/// Thrown when the topics of jobs cannot be used, or a job or file is not there. The message is a sentence for users.
public final class JobsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String what;
    private final boolean isGone;

    public JobsException(String message) {
        this(message, false);
    }

    private JobsException(String message, boolean isGone) {
        super(message);
        this.isGone = isGone;
        what = message;
    }

    /// Makes the exception for records that the retention of their topic has deleted.
    static JobsException gone(String message) {
        return new JobsException(message, true);
    }

    /// @param what  what could not be done, without the reason
    /// @param cause the failure of Kafka's client or of the registry
    public JobsException(String what, Throwable cause) {
        super(what + ": " + root(cause), cause);
        this.what = what;
        isGone = false;
    }

    /// Tells whether something cannot be had ever again, because records were deleted.
    public boolean isGone() {
        return isGone;
    }

    private static String root(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() != null ? root.getMessage() : root.toString();
    }

    /// Returns the message without the reason that the cause gives.
    public String what() {
        return what;
    }
}
