package dev.flover.engine.chat.jinja.syntax;

import dev.flover.engine.chat.jinja.syntax.Expression.Parameters;
import dev.flover.engine.chat.jinja.syntax.Lexer.Segment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parses a template: each statement by the first word of its tag.
public final class Parser extends ExpressionParser {
    private final List<Segment> segments;
    private int segment;
    private int loops;

    private Parser(List<Segment> segments) {
        this.segments = segments;
    }

    public static List<Statement> parse(String template) {
        var parser = new Parser(Lexer.segments(template));
        var statements = parser.statements(Set.of());
        if (parser.segment < parser.segments.size()) {
            throw parser.unexpected("the end of the template");
        }
        return statements;
    }

    /// Parses statements up to a block whose first word is one of `ends`; that block is then the current one.
    private List<Statement> statements(Set<String> ends) {
        if (++depth > MAX_DEPTH) {
            throw new JinjaException("the template nests more than " + MAX_DEPTH + " deep");
        }
        var statements = new ArrayList<Statement>();
        while (segment < segments.size()) {
            switch (segments.get(segment)) {
                case Segment.Text(String text) -> {
                    statements.add(new Statement.Text(text));
                    segment++;
                }
                case Segment.Output(List<Token> inside) -> {
                    open(inside);
                    int line = peek().line();
                    statements.add(new Statement.Located(line, new Statement.Output(tuple(true))));
                    close();
                }
                case Segment.Block(List<Token> inside) -> {
                    open(inside);
                    if (peek().kind() == Token.Kind.NAME && ends.contains(peek().text())) {
                        depth--;
                        return statements;
                    }
                    int line = peek().line();
                    statements.add(new Statement.Located(line, statement(name())));
                }
            }
        }
        depth--;
        if (!ends.isEmpty()) {
            throw new JinjaException("the template ends where " + String.join(" or ", ends.stream().sorted().toList())
                    + " was expected");
        }
        return statements;
    }

    private void close() {
        if (peek().kind() != Token.Kind.END) {
            throw unexpected("the end of the tag");
        }
        segment++;
    }

    private Statement statement(String word) {
        return switch (word) {
            case "if" -> branches();
            case "for" -> loop();
            case "set" -> set();
            case "macro" -> macro();
            case "generation" -> {
                close();
                yield new Statement.Group(body("endgeneration"));
            }
            case "block" -> block();
            case "autoescape" -> {
                if (!(expression() instanceof Expression.Literal(Boolean on)) || on) {
                    throw unexpected("false");
                }
                close();
                yield new Statement.Group(body("endautoescape"));
            }
            case "filter" -> filter();
            case "with" -> with();
            case "call" -> callBlock();
            case "break", "continue" -> {
                if (loops == 0) {
                    throw unexpected("a loop around it");
                }
                close();
                yield word.equals("break") ? new Statement.Break() : new Statement.Continue();
            }
            default -> throw new JinjaException("the template uses {% " + word + " %}, which is not supported")
                    .in(peek().line());
        };
    }

    /// Parses `{% block %}`. Since templates cannot inherit from each other here, a block is executed as its body.
    private Statement block() {
        name();
        acceptName("scoped");
        acceptName("required");
        close();
        var body = statements(Set.of("endblock"));
        name();
        if (peek().kind() == Token.Kind.NAME) {
            name();
        }
        close();
        return new Statement.Group(body);
    }

    private Statement filter() {
        String name = name();
        var first = new Expression.Filtered(Statement.CAPTURED, name, accept("(") ? parameters() : Parameters.NONE);
        var filters = filters(first);
        close();
        return new Statement.Filtered(filters, body("endfilter"));
    }

    private Statement with() {
        var values = new ArrayList<Map.Entry<List<String>, Expression>>();
        while (peek().kind() != Token.Kind.END) {
            var targets = List.of(name());
            expect("=");
            values.add(Map.entry(targets, expression()));
            if (peek().kind() != Token.Kind.END) {
                expect(",");
            }
        }
        close();
        return new Statement.With(List.copyOf(values), body("endwith"));
    }

    private Statement callBlock() {
        var parameters = new ArrayList<String>();
        var defaults = new LinkedHashMap<String, Expression>();
        if (accept("(")) {
            signature(parameters, defaults);
        }
        if (!(expression() instanceof Expression.Call call)) {
            throw unexpected("a call");
        }
        close();
        return new Statement.CallBlock(macro("caller", parameters, defaults, "endcall"), call);
    }

    /// Parses statements up to the block that ends them, and that block, too.
    private List<Statement> body(String end) {
        var body = statements(Set.of(end));
        name();
        close();
        return body;
    }

    private Statement branches() {
        var branches = new ArrayList<Statement.If.Branch>();
        List<Statement> otherwise = List.of();
        String word = "if";
        while (word.equals("if") || word.equals("elif")) {
            var condition = tuple(false);
            close();
            branches.add(new Statement.If.Branch(condition, statements(Set.of("elif", "else", "endif"))));
            word = name();
        }
        if (word.equals("else")) {
            close();
            otherwise = statements(Set.of("endif"));
            name();
        }
        close();
        return new Statement.If(List.copyOf(branches), otherwise);
    }

    private Statement loop() {
        var targets = targets();
        expectName("in");
        var iterated = tuple(false);
        Expression condition = acceptName("if") ? expression() : null;
        boolean recursive = acceptName("recursive");
        close();
        loops++;
        var body = statements(Set.of("else", "endfor"));
        loops--;
        List<Statement> otherwise = List.of();
        if (name().equals("else")) {
            close();
            otherwise = statements(Set.of("endfor"));
            name();
        }
        close();
        return new Statement.For(targets, iterated, condition, recursive, body, otherwise);
    }

    private List<String> targets() {
        boolean bracketed = accept("(");
        var targets = new ArrayList<>(List.of(name()));
        while (accept(",")) {
            targets.add(name());
        }
        if (bracketed) {
            expect(")");
        }
        return List.copyOf(targets);
    }

    private Statement set() {
        String first = name();
        if (accept(".")) {
            String attribute = name();
            if (!peek().isOperator("=")) {
                return capture(first, attribute);
            }
            expect("=");
            var value = tuple(true);
            close();
            return new Statement.AssignAttribute(first, attribute, value);
        }
        var targets = new ArrayList<>(List.of(first));
        while (accept(",")) {
            targets.add(name());
        }
        if (accept("=")) {
            var value = tuple(true);
            close();
            return new Statement.Assign(List.copyOf(targets), value);
        }
        return capture(null, first);
    }

    private Statement capture(@Nullable String namespace, String name) {
        var filters = filters(Statement.CAPTURED);
        close();
        return new Statement.Capture(namespace, name, filters, body("endset"));
    }

    private Statement macro() {
        String name = name();
        var parameters = new ArrayList<String>();
        var defaults = new LinkedHashMap<String, Expression>();
        expect("(");
        signature(parameters, defaults);
        close();
        return macro(name, parameters, defaults, "endmacro");
    }

    private Statement.Macro macro(
            String name, List<String> parameters, Map<String, Expression> defaults, String end) {
        int outerLoops = loops;
        var outerNames = names;
        loops = 0;
        names = new HashSet<>();
        var body = body(end);
        var macro = new Statement.Macro(name, List.copyOf(parameters), Map.copyOf(defaults), body,
                names.contains("varargs"), names.contains("kwargs"));
        loops = outerLoops;
        outerNames.addAll(names);
        names = outerNames;
        return macro;
    }

    /// Parses the parameters of a macro up to the closing bracket; the opening one has been read.
    private void signature(List<String> parameters, Map<String, Expression> defaults) {
        while (!accept(")")) {
            String parameter = name();
            parameters.add(parameter);
            if (accept("=")) {
                defaults.put(parameter, expression());
            }
            if (!peek().isOperator(")")) {
                expect(",");
            }
        }
    }
}
