package dev.flover.engine.constraint.grammar;

import dev.flover.engine.constraint.grammar.GrammarRule.Part;
import dev.flover.engine.constraint.machine.Beginning;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Compiles a grammar in GBNF to cursors and frames. A rule that does not refer to itself, directly or through others,
/// is regular: it becomes part of one regular expression wherever it is used.
public final class GrammarCompiler {
    private static final int MAX_PARTS = 20_000;

    private final Map<String, GrammarNode> sources;
    private final Function<Regex, Dfa> automata;
    private final Map<String, Regex> regular = new HashMap<>();
    private final Map<String, GrammarRule> rules = new HashMap<>();
    private final List<GrammarRule> all = new ArrayList<>();
    private final Set<String> recursive = new HashSet<>();
    private int parts;

    private GrammarCompiler(Map<String, GrammarNode> sources, Function<Regex, Dfa> automata) {
        this.sources = sources;
        this.automata = automata;
    }

    /// Compiles a grammar.
    ///
    /// @return the beginning of a text that the rule `root` derives
    /// @throws ConstraintException if the grammar cannot be used
    public static Beginning compile(String grammar, Function<Regex, Dfa> automata) {
        var compiler = new GrammarCompiler(GrammarReader.read(grammar), automata);
        if (!compiler.sources.containsKey("root")) {
            throw new ConstraintException("grammar: the rule root is not defined; every answer begins with it");
        }
        compiler.sources.keySet().forEach(name -> compiler.findRecursive(name, new ArrayList<>(), new HashSet<>()));
        var root = compiler.rule("root", new GrammarNode.Rule("root"));
        compiler.refuseLeftRecursion();
        compiler.dropUnproductive();
        if (root.choices.isEmpty()) {
            throw new ConstraintException("grammar: no text can be derived from root");
        }
        return root::begin;
    }

    /// Adds to `recursive` all rules that lie on a cycle of references through `name`.
    private void findRecursive(String name, List<String> path, Set<String> done) {
        int at = path.indexOf(name);
        if (at >= 0) {
            recursive.addAll(path.subList(at, path.size()));
            return;
        }
        if (!done.add(name)) {
            return;
        }
        path.add(name);
        for (String used : used(source(name))) {
            findRecursive(used, path, done);
        }
        path.removeLast();
    }

    private GrammarNode source(String name) {
        var source = sources.get(name);
        if (source == null) {
            throw new ConstraintException("grammar: the rule " + name + " is not defined");
        }
        return source;
    }

    private static Set<String> used(GrammarNode node) {
        var names = new HashSet<String>();
        switch (node) {
            case GrammarNode.Terminal terminal -> { }
            case GrammarNode.Rule rule -> names.add(rule.name());
            case GrammarNode.InOrder order -> order.parts().forEach(part -> names.addAll(used(part)));
            case GrammarNode.Either either -> either.choices().forEach(choice -> names.addAll(used(choice)));
            case GrammarNode.Repeated repeated -> names.addAll(used(repeated.body()));
        }
        return names;
    }

    /// The node as a regular expression; null if it contains a recursive rule and so needs a stack.
    private @Nullable Regex regex(GrammarNode node) {
        return switch (node) {
            case GrammarNode.Terminal terminal -> terminal.regex();
            case GrammarNode.Rule rule -> ruleRegex(rule.name());
            case GrammarNode.InOrder order -> {
                var inner = regexes(order.parts());
                yield inner == null ? null : Regex.concat(inner.toArray(Regex[]::new));
            }
            case GrammarNode.Either either -> {
                var inner = regexes(either.choices());
                yield inner == null ? null : Regex.or(inner);
            }
            case GrammarNode.Repeated repeated -> {
                var body = regex(repeated.body());
                yield body == null ? null : Regex.repeat(body, repeated.min(), repeated.max());
            }
        };
    }

    private @Nullable Regex ruleRegex(String name) {
        if (recursive.contains(name)) {
            return null;
        }
        if (!regular.containsKey(name)) {
            regular.put(name, regex(source(name)));
        }
        return regular.get(name);
    }

    private @Nullable List<Regex> regexes(List<GrammarNode> nodes) {
        var inner = new ArrayList<Regex>();
        for (var node : nodes) {
            var regex = regex(node);
            if (regex == null) {
                return null;
            }
            inner.add(regex);
        }
        return inner;
    }

    private GrammarRule rule(String name, GrammarNode node) {
        var rule = new GrammarRule(name);
        all.add(rule);
        addChoices(rule, node);
        return rule;
    }

    private GrammarRule named(String name) {
        var known = rules.get(name);
        if (known == null) {
            known = new GrammarRule(name);
            rules.put(name, known);
            all.add(known);
            addChoices(known, source(name));
        }
        return known;
    }

    private void addChoices(GrammarRule rule, GrammarNode node) {
        if (regex(node) == null && node instanceof GrammarNode.Either either) {
            either.choices().forEach(choice -> addChoices(rule, choice));
            return;
        }
        var choice = new ArrayList<Part>();
        var pending = new ArrayList<Regex>();
        addParts(rule.name, node, choice, pending);
        flush(choice, pending);
        rule.choices.add(List.copyOf(choice));
    }

    /// Appends the parts of a node to a choice.
    ///
    /// @param pending regular expressions not yet appended; consecutive ones are joined into one lexeme
    private void addParts(
            String name, GrammarNode node, List<Part> choice, List<Regex> pending) {
        if (++parts > MAX_PARTS) {
            throw new TooComplexException("more than " + MAX_PARTS + " parts");
        }
        var regex = regex(node);
        if (regex != null) {
            pending.add(regex);
            return;
        }
        switch (node) {
            case GrammarNode.InOrder order ->
                order.parts().forEach(part -> addParts(name, part, choice, pending));
            case GrammarNode.Rule rule -> {
                flush(choice, pending);
                choice.add(new Part.Reference(named(rule.name())));
            }
            case GrammarNode.Either either -> {
                flush(choice, pending);
                choice.add(new Part.Reference(rule(name, either)));
            }
            case GrammarNode.Repeated repeated -> {
                flush(choice, pending);
                repeat(name, repeated, choice);
            }
            case GrammarNode.Terminal terminal -> throw new AssertionError(terminal);
        }
    }

    /// Appends a repetition whose body needs a stack. An unbounded repetition becomes a rule that refers to itself at
    /// its end; a bounded one becomes a chain of optional rules.
    private void repeat(String name, GrammarNode.Repeated repeated, List<Part> choice) {
        var body = new Part.Reference(rule(name, repeated.body()));
        for (int i = 0; i < repeated.min(); i++) {
            parts++;
            choice.add(body);
        }
        if (repeated.max() < 0) {
            var more = new GrammarRule(name);
            all.add(more);
            more.choices.add(List.of());
            more.choices.add(List.of(body, new Part.Reference(more)));
            choice.add(new Part.Reference(more));
            return;
        }
        GrammarRule rest = null;
        for (int i = repeated.min(); i < repeated.max(); i++) {
            if (++parts > MAX_PARTS) {
                throw new TooComplexException("more than " + MAX_PARTS + " parts");
            }
            var one = new GrammarRule(name);
            all.add(one);
            one.choices.add(List.of());
            one.choices.add(rest == null ? List.of(body) : List.of(body, new Part.Reference(rest)));
            rest = one;
        }
        if (rest != null) {
            choice.add(new Part.Reference(rest));
        }
    }

    private void flush(List<Part> choice, List<Regex> pending) {
        if (!pending.isEmpty()) {
            var regex = Regex.concat(pending.toArray(Regex[]::new));
            pending.clear();
            if (!regex.equals(Regex.EMPTY)) {
                choice.add(new Part.Lexical(automata.apply(regex)));
            }
        }
    }

    private void refuseLeftRecursion() {
        var emptyable = new HashSet<GrammarRule>();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (var rule : all) {
                if (!emptyable.contains(rule) && rule.choices.stream()
                        .anyMatch(choice -> choice.stream().allMatch(part -> part.isEmptyable(emptyable)))) {
                    changed = emptyable.add(rule);
                }
            }
        }
        var done = new HashSet<GrammarRule>();
        for (var rule : all) {
            refuseLeftRecursion(rule, new HashSet<>(), done, emptyable);
        }
    }

    private static void refuseLeftRecursion(
            GrammarRule rule, Set<GrammarRule> path, Set<GrammarRule> done, Set<GrammarRule> emptyable) {
        if (!path.add(rule)) {
            throw new ConstraintException("grammar: the rule " + rule.name + " begins with itself (left recursion);"
                    + " rewrite it to begin with another element");
        }
        if (done.add(rule)) {
            for (var choice : rule.choices) {
                for (var part : choice) {
                    if (part instanceof Part.Reference(GrammarRule used)) {
                        refuseLeftRecursion(used, path, done, emptyable);
                    }
                    if (!part.isEmptyable(emptyable)) {
                        break;
                    }
                }
            }
        }
        path.remove(rule);
    }

    private void dropUnproductive() {
        var productive = new HashSet<GrammarRule>();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (var rule : all) {
                if (!productive.contains(rule)
                        && rule.choices.stream().anyMatch(choice -> isProductive(choice, productive))) {
                    changed = productive.add(rule);
                }
            }
        }
        all.forEach(rule -> rule.choices.removeIf(choice -> !isProductive(choice, productive)));
    }

    private static boolean isProductive(List<Part> choice, Set<GrammarRule> productive) {
        return choice.stream().allMatch(part -> switch (part) {
            case Part.Lexical(Dfa text) -> text.start() != Dfa.DEAD;
            case Part.Reference(GrammarRule rule) -> productive.contains(rule);
        });
    }
}
