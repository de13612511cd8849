package dev.flover.engine.chat.jinja.syntax;

import dev.flover.engine.chat.jinja.syntax.Expression.Parameters;
import dev.flover.engine.chat.jinja.syntax.Lexer.Segment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Parses a template: a statement by the first word of its tag, an expression by recursive descent through Jinja's
/// levels of precedence.
public final class Parser {
    private static final int MAX_DEPTH = 100;
    private static final Set<String> AFTER_OPERAND = Set.of("else", "or", "and", "is", "in", "not", "if");

    private final List<Segment> segments;
    private int segment;
    private List<Token> tokens = List.of();
    private int at;
    private int depth;
    private int loops;
    private Set<String> names = new HashSet<>();

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

    private void open(List<Token> inside) {
        tokens = inside;
        at = 0;
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

    private Statement capture(String namespace, String name) {
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

    /// Parses one expression, or several with commas between them as a tuple.
    ///
    /// @param conditional whether an expression may be `a if b else c`
    private Expression tuple(boolean conditional) {
        var first = conditional ? expression() : or();
        if (!peek().isOperator(",")) {
            return first;
        }
        var elements = new ArrayList<>(List.of(first));
        while (accept(",")) {
            if (peek().kind() == Token.Kind.END || peek().isOperator(")")) {
                break;
            }
            elements.add(conditional ? expression() : or());
        }
        return new Expression.Listing(List.copyOf(elements), true);
    }

    private Expression expression() {
        if (++depth > MAX_DEPTH) {
            throw new JinjaException("the template nests more than " + MAX_DEPTH + " deep in line " + peek().line());
        }
        var then = or();
        while (acceptName("if")) {
            var condition = or();
            then = new Expression.Conditional(condition, then, acceptName("else") ? expression() : null);
        }
        depth--;
        return then;
    }

    private Expression or() {
        var left = and();
        while (acceptName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        var left = not();
        while (acceptName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        int count = 0;
        while (acceptName("not")) {
            count++;
        }
        var operand = comparison();
        return count == 0 ? operand : count % 2 == 1
                ? new Expression.Not(operand)
                : new Expression.Not(new Expression.Not(operand));
    }

    private Expression comparison() {
        var first = sum();
        var steps = new ArrayList<Expression.Comparison.Step>();
        while (true) {
            String operator = comparisonOperator();
            if (operator == null) {
                return steps.isEmpty() ? first : new Expression.Comparison(first, List.copyOf(steps));
            }
            steps.add(new Expression.Comparison.Step(operator, sum()));
        }
    }

    private String comparisonOperator() {
        var token = peek();
        if (token.kind() == Token.Kind.OPERATOR && Set.of("==", "!=", "<", "<=", ">", ">=").contains(token.text())) {
            at++;
            return token.text();
        }
        if (acceptName("in")) {
            return "in";
        }
        if (token.isName("not") && at + 1 < tokens.size() && tokens.get(at + 1).isName("in")) {
            at += 2;
            return "not in";
        }
        return null;
    }

    private Expression sum() {
        var left = concatenation();
        while (peek().isOperator("+") || peek().isOperator("-")) {
            left = new Expression.Arithmetic(next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        var left = product();
        while (accept("~")) {
            left = new Expression.Arithmetic("~", left, product());
        }
        return left;
    }

    private Expression product() {
        var left = power();
        while (peek().kind() == Token.Kind.OPERATOR && Set.of("*", "/", "//", "%").contains(peek().text())) {
            left = new Expression.Arithmetic(next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        var left = unary(true);
        while (accept("**")) {
            left = new Expression.Arithmetic("**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean filtered) {
        int signs = 0;
        int start = at;
        boolean negative = false;
        while (peek().isOperator("-") || peek().isOperator("+")) {
            negative ^= next().text().equals("-");
            signs++;
        }
        var operand = postfix(primary());
        if (signs > 0) {
            operand = negative ? new Expression.Negated(operand) : operand;
        }
        return filtered || start == at ? filters(operand) : operand;
    }

    private Expression primary() {
        var token = next();
        return switch (token.kind()) {
            case STRING -> {
                var value = new StringBuilder(token.text());
                while (peek().kind() == Token.Kind.STRING) {
                    value.append(next().text());
                }
                yield new Expression.Literal(value.toString());
            }
            case INTEGER -> new Expression.Literal(whole(token));
            case FLOAT -> new Expression.Literal(Double.valueOf(token.text()));
            case NAME -> switch (token.text()) {
                case "true", "True" -> new Expression.Literal(true);
                case "false", "False" -> new Expression.Literal(false);
                case "none", "None" -> new Expression.Literal(null);
                default -> {
                    names.add(token.text());
                    yield new Expression.Name(token.text());
                }
            };
            case OPERATOR -> bracketed(token);
            case END -> throw unexpected(token, "a value");
        };
    }

    private static Long whole(Token token) {
        try {
            return Long.valueOf(token.text());
        } catch (NumberFormatException _) {
            throw new JinjaException("the number " + token.text() + " in line " + token.line()
                    + " of the template is too"
                    + " large");
        }
    }

    private Expression bracketed(Token token) {
        return switch (token.text()) {
            case "(" -> {
                if (accept(")")) {
                    yield new Expression.Listing(List.of(), true);
                }
                var inside = tuple(true);
                expect(")");
                yield inside;
            }
            case "[" -> new Expression.Listing(list("]"), false);
            case "{" -> dictionary();
            default -> throw unexpected(token, "a value");
        };
    }

    private List<Expression> list(String end) {
        var elements = new ArrayList<Expression>();
        while (!accept(end)) {
            elements.add(expression());
            if (!peek().isOperator(end)) {
                expect(",");
            }
        }
        return List.copyOf(elements);
    }

    private Expression dictionary() {
        var entries = new ArrayList<Map.Entry<Expression, Expression>>();
        while (!accept("}")) {
            var key = expression();
            expect(":");
            entries.add(Map.entry(key, expression()));
            if (!peek().isOperator("}")) {
                expect(",");
            }
        }
        return new Expression.Dictionary(List.copyOf(entries));
    }

    private Expression postfix(Expression primary) {
        var target = primary;
        while (true) {
            if (accept(".")) {
                var name = next();
                target = switch (name.kind()) {
                    case NAME -> new Expression.Attribute(target, name.text());
                    case INTEGER -> new Expression.Item(target, new Expression.Literal(whole(name)));
                    default -> throw unexpected(name, "the name of an attribute");
                };
            } else if (accept("[")) {
                target = subscript(target);
            } else if (accept("(")) {
                target = new Expression.Call(target, parameters());
            } else {
                return target;
            }
        }
    }

    private Expression subscript(Expression target) {
        Expression start = peek().isOperator(":") ? null : expression();
        if (accept("]")) {
            if (start == null) {
                throw unexpected("an index");
            }
            return new Expression.Item(target, start);
        }
        expect(":");
        Expression stop = peek().isOperator(":") || peek().isOperator("]") ? null : expression();
        Expression step = null;
        if (accept(":") && !peek().isOperator("]")) {
            step = expression();
        }
        expect("]");
        return new Expression.Slice(target, start, stop, step);
    }

    /// Parses the arguments of a call up to the closing bracket; the opening one has been read.
    private Parameters parameters() {
        var positional = new ArrayList<Expression>();
        var named = new LinkedHashMap<String, Expression>();
        Expression spread = null;
        Expression spreadNamed = null;
        while (!accept(")")) {
            boolean isNamed = peek().kind() == Token.Kind.NAME && tokens.get(at + 1).isOperator("=");
            if (accept("*")) {
                spread = expression();
            } else if (accept("**")) {
                spreadNamed = expression();
            } else if (isNamed) {
                String name = name();
                expect("=");
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!peek().isOperator(")")) {
                expect(",");
            }
        }
        return new Parameters(List.copyOf(positional), new LinkedHashMap<>(named), spread, spreadNamed);
    }

    private Expression filters(Expression operand) {
        var target = operand;
        while (true) {
            if (accept("|")) {
                String name = name();
                target = new Expression.Filtered(target, name, accept("(") ? parameters() : Parameters.NONE);
            } else if (acceptName("is")) {
                target = test(target);
            } else if (accept("(")) {
                target = new Expression.Call(target, parameters());
            } else {
                return target;
            }
        }
    }

    private Expression test(Expression target) {
        boolean negative = acceptName("not");
        String name = name();
        var parameters = Parameters.NONE;
        if (accept("(")) {
            parameters = parameters();
        } else if (startsOperand(peek())) {
            parameters = new Parameters(List.of(postfix(primary())), Map.of());
        }
        var test = new Expression.Tested(target, name, parameters);
        return negative ? new Expression.Not(test) : test;
    }

    private static boolean startsOperand(Token token) {
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !AFTER_OPERAND.contains(token.text());
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            case END -> false;
        };
    }

    private Token peek() {
        return tokens.get(at);
    }

    private Token next() {
        var token = tokens.get(at);
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    private boolean accept(String operator) {
        boolean found = peek().isOperator(operator);
        at += found ? 1 : 0;
        return found;
    }

    private boolean acceptName(String name) {
        boolean found = peek().isName(name);
        at += found ? 1 : 0;
        return found;
    }

    private void expect(String operator) {
        if (!accept(operator)) {
            throw unexpected(operator);
        }
    }

    private void expectName(String name) {
        if (!acceptName(name)) {
            throw unexpected(name);
        }
    }

    private String name() {
        if (peek().kind() != Token.Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    private JinjaException unexpected(String expected) {
        return unexpected(peek(), expected);
    }

    private static JinjaException unexpected(Token token, String expected) {
        String found = token.kind() == Token.Kind.END ? "the end of the tag" : token.text();
        return new JinjaException("the template has " + found + " where " + expected + " was expected")
                .in(token.line());
    }
}
