package dev.flover.topology.chat.jinja;

/// A template that cannot be read or rendered. The message is one sentence that names the construct and its line.
public final class JinjaException extends RuntimeException {
    private final boolean raised;
    private final boolean located;

    JinjaException(String message) {
        this(message, false);
    }

    private JinjaException(String message, boolean raised) {
        super(message);
        this.raised = raised;
        this.located = raised;
    }

    private JinjaException(JinjaException failure, int line) {
        super(failure.getMessage() + " (line " + line + " of the template)");
        this.raised = failure.raised;
        this.located = true;
    }

    /// The same failure, said to be in a line unless one is said already.
    JinjaException in(int line) {
        return located ? this : new JinjaException(this, line);
    }

    /// What a template says with `raise_exception`.
    static JinjaException raisedByTemplate(String message) {
        return new JinjaException(message, true);
    }

    /// Whether the template itself refused its input; otherwise it is the template that is at fault.
    public boolean raised() {
        return raised;
    }
}
