package dev.flover.engine.chat.jinja.syntax;

import dev.flover.engine.chat.jinja.syntax.Expression.Parameters;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parses an expression by recursive descent through Jinja's levels of precedence.
abstract sealed class ExpressionParser extends TagReader permits Parser {
    static final int MAX_DEPTH = 100;
    private static final Set<String> AFTER_OPERAND = Set.of("else", "or", "and", "is", "in", "not", "if");

    /// How deep statements and expressions nest here.
    int depth;
    /// The names that expressions have used since a macro's beginning.
    Set<String> names = new HashSet<>();

    /// Parses one expression, or several with commas between them as a tuple.
    ///
    /// @param conditional whether an expression may be `a if b else c`
    final Expression tuple(boolean conditional) {
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

    final Expression expression() {
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

    private @Nullable String comparisonOperator() {
        var token = peek();
        if (token.kind() == Token.Kind.OPERATOR && Set.of("==", "!=", "<", "<=", ">", ">=").contains(token.text())) {
            return next().text();
        }
        if (acceptName("in")) {
            return "in";
        }
        if (token.isName("not") && second().isName("in")) {
            next();
            next();
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
        var left = unary();
        while (accept("**")) {
            left = new Expression.Arithmetic("**", left, unary());
        }
        return left;
    }

    private Expression unary() {
        boolean negative = false;
        while (peek().isOperator("-") || peek().isOperator("+")) {
            negative ^= next().text().equals("-");
        }
        var operand = postfix(primary());
        return filters(negative ? new Expression.Negated(operand) : operand);
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
    final Parameters parameters() {
        var positional = new ArrayList<Expression>();
        var named = new LinkedHashMap<String, Expression>();
        Expression spread = null;
        Expression spreadNamed = null;
        while (!accept(")")) {
            boolean isNamed = peek().kind() == Token.Kind.NAME && second().isOperator("=");
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

    final Expression filters(Expression operand) {
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
}
