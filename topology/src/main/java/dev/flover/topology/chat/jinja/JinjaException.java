package dev.flover.topology.chat.jinja;

/// A template that cannot be read or rendered. The message is one sentence that names the construct and its line.
public final class JinjaException extends RuntimeException {
    private final boolean raised;

    JinjaException(String message) {
        this(message, false);
    }

    private JinjaException(String message, boolean raised) {
        super(message);
        this.raised = raised;
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
