package dev.flover.topology.models;

import java.util.List;

/// Thrown at a start where neither the cluster nor an option decides where an application id begins to read.
public final class UndecidedStartException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<Choice> choices;

    /// An option that the operator may choose.
    ///
    /// @param option  an option of the command `up`
    /// @param meaning the consequence of choosing it
    public record Choice(String option, String meaning) {}

    private UndecidedStartException(String message, List<Choice> choices) {
        super(message);
        this.choices = choices;
    }

    static UndecidedStartException ofFirstStart(String message) {
        return new UndecidedStartException(message, List.of(
                new Choice("--from earliest", "answers all of them"),
                new Choice("--from latest", "answers requests written from now on; --from TIME those written since "
                        + "then")));
    }

    static UndecidedStartException ofLoss(String message) {
        return new UndecidedStartException(message, List.of(
                new Choice("--lost-state reread", "reads all requests on the topic again; those with a result are "
                        + "skipped, the others are computed from their first token"),
                new Choice("--lost-state abandon", "answers unread requests; requests that were read and have no "
                        + "answer stay without one, and their ids may be used again")));
    }

    /// The options to choose from.
    public List<Choice> choices() {
        return choices;
    }
}
