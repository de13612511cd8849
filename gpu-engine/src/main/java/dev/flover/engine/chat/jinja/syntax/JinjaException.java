package dev.flover.engine.chat.jinja.syntax;

/// Thrown when a template cannot be read or rendered. The message is one sentence that names the construct and its
/// line.
public final class JinjaException extends RuntimeException {
    private final boolean raised;
    private final boolean located;

    public JinjaException(String message) {
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
    public JinjaException in(int line) {
        return located ? this : new JinjaException(this, line);
    }

    /// The message that a template gives `raise_exception`.
    public static JinjaException raisedByTemplate(String message) {
        return new JinjaException(message, true);
    }

    /// Whether the template refused its input by `raise_exception`; if not, the template itself is at fault.
    public boolean raised() {
        return raised;
    }
}
