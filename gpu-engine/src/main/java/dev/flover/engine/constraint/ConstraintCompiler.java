package dev.flover.engine.constraint;

import dev.flover.engine.constraint.grammar.GrammarCompiler;
import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import dev.flover.engine.constraint.machine.Lexeme;
import dev.flover.engine.constraint.machine.TokenMasks;
import dev.flover.engine.constraint.regex.Alphabet;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Patterns;
import dev.flover.engine.constraint.regex.Regex;
import dev.flover.engine.constraint.regex.TooComplexException;
import dev.flover.engine.constraint.schema.SchemaCompiler;
import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Compiles constraints. Safe to use from several threads.
///
/// Automata of equal languages are shared among constraints, the tokens found for their states with them.
public final class ConstraintCompiler {
    private static final int MAX_AUTOMATA = 4_096;

    private final TokenMasks masks;
    private final Map<Regex, Dfa> automata = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Regex, Dfa> eldest) {
            return size() > MAX_AUTOMATA;
        }
    };

    /// @param tokenizer whose vocabulary answers are written in
    public ConstraintCompiler(Tokenizer tokenizer) {
        this.masks = new TokenMasks(TokenMasks.bytesOf(tokenizer));
    }

    /// @throws ConstraintException if it cannot be used, with the reason
    public Constraint compile(ConstraintSource source) {
        return new Constraint(masks, beginning(source));
    }

    /// The texts that a constraint accepts, to be searched.
    ///
    /// @throws ConstraintException if it cannot be used, with the reason
    public ConstraintTexts texts(ConstraintSource source) {
        return new ConstraintTexts(beginning(source));
    }

    private List<Cursor> beginning(ConstraintSource source) {
        try {
            var beginning = new ArrayList<Cursor>();
            switch (source) {
                case ConstraintSource.JsonSchema schema ->
                    SchemaCompiler.compile(schema.text(), this::automaton, schema.spaced())
                            .begin(Frame.end(), beginning);
                case ConstraintSource.Pattern pattern -> beginText(regex(pattern), "regex", beginning);
                case ConstraintSource.Choices choices -> beginText(words(choices), "choices", beginning);
                case ConstraintSource.Grammar grammar ->
                    GrammarCompiler.compile(grammar.text(), this::automaton, beginning);
            }
            return beginning;
        } catch (TooComplexException e) {
            throw new ConstraintException(name(source) + " is too complex: " + e.getMessage(), e);
        } catch (StackOverflowError e) {
            throw new ConstraintException(name(source) + " is too complex: it nests too deeply", e);
        }
    }

    /// The field of a request.
    private static String name(ConstraintSource source) {
        return switch (source) {
            case ConstraintSource.JsonSchema schema -> "json_schema";
            case ConstraintSource.Pattern pattern -> "regex";
            case ConstraintSource.Choices choices -> "choices";
            case ConstraintSource.Grammar grammar -> "grammar";
        };
    }

    private static Regex regex(ConstraintSource.Pattern pattern) {
        try {
            return Patterns.whole(pattern.text(), Alphabet.PLAIN);
        } catch (IllegalArgumentException e) {
            throw new ConstraintException("regex: " + e.getMessage(), e);
        }
    }

    private static Regex words(ConstraintSource.Choices choices) {
        var texts = new ArrayList<byte[]>();
        for (String text : choices.texts()) {
            if (text.isEmpty()) {
                throw new ConstraintException("choices: an empty text cannot be chosen");
            }
            texts.add(text.getBytes(StandardCharsets.UTF_8));
        }
        if (texts.isEmpty()) {
            throw new ConstraintException("choices is an empty list; at least one text is needed");
        }
        return Regex.words(texts);
    }

    private void beginText(Regex regex, String name, List<Cursor> beginning) {
        var dfa = automaton(regex);
        if (dfa.start() == Dfa.DEAD || dfa.isAccepting(dfa.start()) && dfa.isFinal(dfa.start())) {
            throw new ConstraintException(name + " matches no text but the empty one");
        }
        Lexeme.begin(dfa, Frame.end(), beginning);
    }

    private Dfa automaton(Regex regex) {
        synchronized (automata) {
            return automata.computeIfAbsent(regex, Dfa::new);
        }
    }
}
