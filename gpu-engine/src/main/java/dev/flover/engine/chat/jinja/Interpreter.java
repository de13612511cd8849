package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.Expression;
import dev.flover.engine.chat.jinja.syntax.Expression.Parameters;
import dev.flover.engine.chat.jinja.syntax.JinjaException;
import dev.flover.engine.chat.jinja.syntax.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Executes one template's statements for one rendering.
final class Interpreter {
    private enum Flow {
        NEXT,
        CONTINUE,
        BREAK
    }

    private final Budget budget;
    private StringBuilder out = new StringBuilder();

    Interpreter(Budget budget) {
        this.budget = budget;
    }

    String run(List<Statement> statements, Scope scope) {
        execute(statements, scope);
        return out.toString();
    }

    private Flow execute(List<Statement> statements, Scope scope) {
        budget.enter();
        var flow = Flow.NEXT;
        for (int i = 0; i < statements.size() && flow == Flow.NEXT; i++) {
            flow = execute(statements.get(i), scope);
        }
        budget.leave();
        return flow;
    }

    private Flow execute(Statement statement, Scope scope) {
        budget.step();
        switch (statement) {
            case Statement.Located located -> {
                return execute(located, scope);
            }
            case Statement.Text(String text) -> print(text);
            case Statement.Output(Expression value) -> print(Values.text(evaluate(value, scope)));
            case Statement.If branches -> {
                return execute(chosen(branches, scope), scope);
            }
            case Statement.For loop -> {
                return loop(loop, scope);
            }
            case Statement.Assign(var targets, var value) -> assign(targets, evaluate(value, scope), scope);
            case Statement.AssignAttribute(var namespace, var name, var value) ->
                Namespace.set(namespace, name, evaluate(value, scope), scope);
            case Statement.Capture capture -> capture(capture, scope);
            case Statement.Filtered(var filters, var body) ->
                print(Values.text(filtered(filters, captured(body, new Scope(scope)), scope)));
            case Statement.With with -> {
                return execute(with.body(), opened(with, scope));
            }
            case Statement.Macro macro -> scope.set(macro.name(), callable(macro, scope));
            case Statement.CallBlock(var caller, var call) ->
                print(Values.text(call(call.target(), call.parameters(), callable(caller, scope), scope)));
            case Statement.Group(var body) -> {
                return execute(body, new Scope(scope));
            }
            case Statement.Break() -> {
                return Flow.BREAK;
            }
            case Statement.Continue() -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private Flow execute(Statement.Located located, Scope scope) {
        try {
            return execute(located.statement(), scope);
        } catch (JinjaException failure) {
            throw failure.in(located.line());
        }
    }

    private List<Statement> chosen(Statement.If branches, Scope scope) {
        for (var branch : branches.branches()) {
            if (Values.truth(evaluate(branch.condition(), scope))) {
                return branch.body();
            }
        }
        return branches.otherwise();
    }

    private void capture(Statement.Capture capture, Scope scope) {
        Object text = filtered(capture.filters(), captured(capture.body(), new Scope(scope)), scope);
        if (capture.namespace() == null) {
            scope.set(capture.name(), text);
        } else {
            Namespace.set(capture.namespace(), capture.name(), text, scope);
        }
    }

    private @Nullable Object filtered(Expression filters, String text, Scope scope) {
        var inner = new Scope(scope);
        inner.set(((Expression.Name) Statement.CAPTURED).name(), text);
        return evaluate(filters, inner);
    }

    /// Opens the scope of a `with` block. All values are evaluated in the outer scope, so that none of them sees the
    /// block's other names.
    private Scope opened(Statement.With with, Scope scope) {
        var inner = new Scope(scope);
        for (var value : with.values()) {
            assign(value.getKey(), evaluate(value.getValue(), scope), inner);
        }
        return inner;
    }

    private void print(String text) {
        budget.characters(text.length());
        out.append(text);
    }

    private String captured(List<Statement> body, Scope scope) {
        var outer = out;
        out = new StringBuilder();
        execute(body, scope);
        String text = out.toString();
        out = outer;
        return text;
    }

    private void assign(List<String> targets, @Nullable Object value, Scope scope) {
        if (targets.size() == 1) {
            scope.set(targets.getFirst(), value);
            return;
        }
        var elements = Values.elements(value);
        if (elements.size() != targets.size()) {
            throw new JinjaException("the template unpacks " + elements.size() + " values to " + targets.size()
                    + " names");
        }
        for (int i = 0; i < targets.size(); i++) {
            scope.set(targets.get(i), elements.get(i));
        }
    }

    private Flow loop(Statement.For loop, Scope scope) {
        return loop(loop, evaluate(loop.iterated(), scope), scope, 0);
    }

    private Flow loop(Statement.For loop, @Nullable Object iterated, Scope scope, int depth) {
        var elements = Values.elements(iterated);
        budget.steps(elements.size());
        if (loop.condition() != null) {
            elements.removeIf(element -> {
                var inner = new Scope(scope);
                assign(loop.targets(), element, inner);
                return !Values.truth(evaluate(loop.condition(), inner));
            });
        }
        if (elements.isEmpty()) {
            return execute(loop.otherwise(), new Scope(scope));
        }
        var last = new Object[1][];
        for (int i = 0; i < elements.size(); i++) {
            var inner = new Scope(scope);
            assign(loop.targets(), elements.get(i), inner);
            inner.set("loop", progress(loop, elements, i, depth, last, scope));
            if (execute(loop.body(), inner) == Flow.BREAK) {
                break;
            }
        }
        return Flow.NEXT;
    }

    /// The value of the variable `loop` in one round of a loop.
    ///
    /// @param at   the round's index, from 0
    /// @param last holds the arguments of the most recent call of `loop.changed`; updated by each call
    private Object progress(
            Statement.For loop, List<Object> elements, int at, int depth, Object[][] last, Scope scope) {
        int size = elements.size();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("index", at + 1L);
        values.put("index0", (long) at);
        values.put("revindex", (long) size - at);
        values.put("revindex0", size - at - 1L);
        values.put("first", at == 0);
        values.put("last", at == size - 1);
        values.put("length", (long) size);
        values.put("depth", depth + 1L);
        values.put("depth0", (long) depth);
        values.put("previtem", at == 0 ? new Undefined("loop.previtem") : elements.get(at - 1));
        values.put("nextitem", at == size - 1 ? new Undefined("loop.nextitem") : elements.get(at + 1));
        values.put("cycle", (Callable) arguments -> {
            if (arguments.positional().isEmpty()) {
                throw new JinjaException("the template calls loop.cycle without values");
            }
            return arguments.positional().get(at % arguments.positional().size());
        });
        values.put("changed", (Callable) arguments -> {
            Object[] now = arguments.positional().toArray();
            boolean changed = last[0] == null || !Values.equal(Arrays.asList(last[0]), Arrays.asList(now));
            last[0] = now;
            return changed;
        });
        return loop.recursive() ? new Items.Recursion(values, arguments -> inner(loop, arguments, scope, depth))
                : new Namespace(values);
    }

    private String inner(Statement.For loop, Arguments arguments, Scope scope, int depth) {
        var outer = out;
        out = new StringBuilder();
        budget.enter();
        loop(loop, arguments.require(0, "iterable"), scope, depth + 1);
        budget.leave();
        String text = out.toString();
        out = outer;
        return text;
    }

    private Callable callable(Statement.Macro macro, Scope defined) {
        return arguments -> {
            var inner = new Scope(defined);
            var names = macro.parameters();
            var more = new LinkedHashMap<>(arguments.named());
            names.forEach(more::remove);
            Object caller = more.remove("caller");
            inner.set("caller", caller == null ? new Undefined("caller") : caller);
            int given = arguments.positional().size();
            var rest = given > names.size() ? arguments.positional().subList(names.size(), given) : List.of();
            inner.set("varargs", new Tuple(new ArrayList<>(rest)));
            inner.set("kwargs", more);
            if (!rest.isEmpty() && !macro.takesMore() || !more.isEmpty() && !macro.takesNamed()) {
                throw new JinjaException("the template calls its macro " + macro.name() + " with arguments it does not"
                        + " have");
            }
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                if (arguments.has(i, name)) {
                    inner.set(name, arguments.get(i, name, null));
                } else if (macro.defaults().containsKey(name)) {
                    inner.set(name, evaluate(macro.defaults().get(name), inner));
                } else {
                    inner.set(name, new Undefined(name));
                }
            }
            return captured(macro.body(), inner);
        };
    }

    private @Nullable Object evaluate(Expression expression, Scope scope) {
        budget.step();
        budget.enter();
        Object value = value(expression, scope);
        budget.leave();
        return value;
    }

    private @Nullable Object value(Expression expression, Scope scope) {
        return switch (expression) {
            case Expression.Literal(Object value) -> value;
            case Expression.Name(String name) -> scope.get(name);
            case Expression.Listing(var elements, var isTuple) -> {
                var values = evaluateAll(elements, scope);
                yield isTuple ? new Tuple(values) : values;
            }
            case Expression.Dictionary(var entries) -> dictionary(entries, scope);
            case Expression.Attribute(var target, var name) ->
                Undefined.named(Items.attribute(evaluate(target, scope), name), target);
            case Expression.Item(var target, var key) ->
                Undefined.named(Items.item(evaluate(target, scope), evaluate(key, scope)), target);
            case Expression.Slice(var target, var start, var stop, var step) -> counted(Items.slice(
                    evaluate(target, scope), optional(start, scope), optional(stop, scope), optional(step, scope)));
            case Expression.Call(var target, var parameters) -> call(target, parameters, null, scope);
            case Expression.Filtered(var target, var name, var parameters) ->
                counted(Filters.apply(name, evaluate(target, scope), arguments(parameters, scope)));
            case Expression.Tested(var target, var name, var parameters) ->
                Tests.holds(name, evaluate(target, scope), arguments(parameters, scope));
            case Expression.Not(var operand) -> !Values.truth(evaluate(operand, scope));
            case Expression.Negated(var operand) -> Operators.negate(evaluate(operand, scope));
            case Expression.And(var left, var right) -> {
                Object value = evaluate(left, scope);
                yield Values.truth(value) ? evaluate(right, scope) : value;
            }
            case Expression.Or(var left, var right) -> {
                Object value = evaluate(left, scope);
                yield Values.truth(value) ? value : evaluate(right, scope);
            }
            case Expression.Arithmetic(var operator, var left, var right) ->
                counted(Operators.apply(operator, evaluate(left, scope), evaluate(right, scope)));
            case Expression.Comparison(var first, var steps) -> compare(first, steps, scope);
            case Expression.Conditional(var condition, var then, var otherwise) ->
                Values.truth(evaluate(condition, scope)) ? evaluate(then, scope)
                        : otherwise == null ? new Undefined("the else value of an if") : evaluate(otherwise, scope);
        };
    }

    /// Charges a value's text or elements to the budget, so that a template that doubles a text or list in a loop is
    /// stopped.
    private @Nullable Object counted(@Nullable Object value) {
        switch (value) {
            case String text -> budget.characters(text.length());
            case Markup(String text) -> budget.characters(text.length());
            case List<?> list -> budget.steps(list.size());
            case null, default -> { }
        }
        return value;
    }

    private @Nullable Object optional(@Nullable Expression expression, Scope scope) {
        return expression == null ? null : evaluate(expression, scope);
    }

    private List<Object> evaluateAll(List<Expression> expressions, Scope scope) {
        var values = new ArrayList<Object>(expressions.size());
        for (var expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Map<Object, Object> dictionary(List<Map.Entry<Expression, Expression>> entries, Scope scope) {
        var map = new LinkedHashMap<Object, Object>();
        for (var entry : entries) {
            Object key = evaluate(entry.getKey(), scope);
            if (key instanceof List<?> || key instanceof Map<?, ?>) {
                throw new JinjaException("the template uses " + Values.kind(key) + " as a key");
            }
            map.put(key, evaluate(entry.getValue(), scope));
        }
        return map;
    }

    /// Evaluates a call.
    ///
    /// @param caller the value of the variable `caller` in the called macro; null for none
    private @Nullable Object call(
            Expression target, Parameters parameters, @Nullable Callable caller, Scope scope) {
        Object called = evaluate(target, scope);
        if (called instanceof Callable callable) {
            var arguments = arguments(parameters, scope);
            if (caller != null) {
                var named = new LinkedHashMap<>(arguments.named());
                named.put("caller", caller);
                arguments = new Arguments(arguments.positional(), named);
            }
            return counted(callable.call(arguments));
        }
        if (called instanceof Undefined undefined) {
            throw undefined.error();
        }
        throw new JinjaException("the template calls " + Values.kind(called));
    }

    private Arguments arguments(Parameters parameters, Scope scope) {
        if (parameters == Parameters.NONE) {
            return Arguments.NONE;
        }
        var named = new LinkedHashMap<String, Object>();
        parameters.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
        var positional = evaluateAll(parameters.positional(), scope);
        if (parameters.spread() != null) {
            positional.addAll(Values.elements(evaluate(parameters.spread(), scope)));
        }
        if (parameters.spreadNamed() != null) {
            if (!(evaluate(parameters.spreadNamed(), scope) instanceof Map<?, ?> more)) {
                throw new JinjaException("the template passes by ** a value that is not a dictionary");
            }
            more.forEach((name, value) -> named.put(Values.string(name), value));
        }
        return new Arguments(positional, named);
    }

    private boolean compare(Expression first, List<Expression.Comparison.Step> steps, Scope scope) {
        Object left = evaluate(first, scope);
        for (var step : steps) {
            Object right = evaluate(step.operand(), scope);
            boolean holds = switch (step.operator()) {
                case "==" -> Values.equal(left, right);
                case "!=" -> !Values.equal(left, right);
                case "in" -> Values.contains(right, left);
                case "not in" -> !Values.contains(right, left);
                case "<" -> Values.compare(left, right) < 0;
                case "<=" -> Values.compare(left, right) <= 0;
                case ">" -> Values.compare(left, right) > 0;
                case ">=" -> Values.compare(left, right) >= 0;
                default -> throw new AssertionError(step.operator());
            };
            if (!holds) {
                return false;
            }
            left = right;
        }
        return true;
    }
}
