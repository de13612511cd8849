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

    /// This failure with a line of the template in its message, unless its message names a line already.
    public JinjaException in(int line) {
        return located ? this : new JinjaException(this, line);
    }

    /// The failure of a template that calls `raise_exception` with this message.
    public static JinjaException raisedByTemplate(String message) {
        return new JinjaException(message, true);
    }

    /// Whether the template refused its input by `raise_exception`; if not, the template itself is at fault.
    public boolean raised() {
        return raised;
    }
}
