package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import dev.flover.engine.chat.jinja.syntax.Parser;
import dev.flover.engine.chat.jinja.syntax.Statement;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;

/// A template that is parsed once and can be rendered many times. Immutable and safe to share between threads.
public final class JinjaTemplate {
    private final List<Statement> statements;
    private final Clock clock;

    private JinjaTemplate(List<Statement> statements, Clock clock) {
        this.statements = statements;
        this.clock = clock;
    }

    /// @param clock the clock that `strftime_now` reads
    /// @throws JinjaException if the template cannot be read, or uses a statement that is not supported
    public static JinjaTemplate parse(String template, Clock clock) {
        return new JinjaTemplate(Parser.parse(template), clock);
    }

    /// Renders the template.
    ///
    /// @param variables strings, `Long`, `Double`, booleans, null, and lists and maps of these
    /// @throws JinjaException if the template refuses its input, fails, or exceeds its budget of steps, text and depth
    public String render(Map<String, Object> variables) {
        var globals = new Scope(null);
        Functions.all(() -> ZonedDateTime.now(clock)).forEach(globals::set);
        variables.forEach(globals::set);
        return new Interpreter(new Budget()).run(statements, new Scope(globals));
    }
}
