package dev.flover.engine.constraint;

import dev.flover.engine.constraint.grammar.GrammarCompiler;
import dev.flover.engine.constraint.machine.Beginning;
import dev.flover.engine.constraint.machine.ConstraintException;
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
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Compiles constraints for one vocabulary. Safe to use from several threads.
///
/// Equal regular expressions share one automaton across all constraints, and so also share the token masks that were
/// computed for its states. The most recently used [#MAX_AUTOMATA] automata are kept.
public final class ConstraintCompiler {
    private static final int MAX_AUTOMATA = 4_096;

    /// The most characters that a list of choices or a grammar may have.
    private static final int MAX_CHARACTERS = 1 << 20;

    private final Tokenizer tokenizer;
    private final TokenMasks masks;
    private final Map<Regex, Dfa> automata = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Regex, Dfa> eldest) {
            return size() > MAX_AUTOMATA;
        }
    };

    /// @param tokenizer the tokenizer whose vocabulary the answers are written in
    public ConstraintCompiler(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.masks = new TokenMasks(TokenMasks.bytesOf(tokenizer));
    }

    /// @throws ConstraintException if the source cannot be used, with the reason
    public Constraint compile(ConstraintSource source) {
        return new Constraint(masks, beginning(source));
    }

    /// The texts that a constraint accepts, as an object that answers questions about them by search.
    ///
    /// @throws ConstraintException if the source cannot be used, with the reason
    public ConstraintTexts texts(ConstraintSource source) {
        return new ConstraintTexts(beginning(source));
    }

    private List<Cursor> beginning(ConstraintSource source) {
        var beginning = new ArrayList<Cursor>();
        bounded(source, () -> {
            part(source).begin(Frame.end(), beginning);
            return beginning;
        });
        return beginning;
    }

    private Beginning part(ConstraintSource source) {
        return bounded(source, () -> switch (source) {
            case ConstraintSource.JsonSchema schema ->
                SchemaCompiler.compile(schema.text(), this::automaton, schema.spaced())::begin;
            case ConstraintSource.Pattern pattern -> text(regex(pattern), "regex");
            case ConstraintSource.Choices choices -> text(words(choices), "choices");
            case ConstraintSource.Grammar grammar -> {
                checkLength("grammar", grammar.text().length());
                yield GrammarCompiler.compile(grammar.text(), this::automaton);
            }
            case ConstraintSource.Exact exact -> exact(exact.text());
            case ConstraintSource.InOrder order -> Beginning.inOrder(parts(order.parts()));
            case ConstraintSource.OneOf either -> oneOf(either.choices());
            case ConstraintSource.Repeated repeated ->
                Beginning.repeated(part(repeated.body()), part(repeated.separator()));
            case ConstraintSource.Named named -> part(named.source());
        });
    }

    private static <T> T bounded(ConstraintSource source, Supplier<T> work) {
        try {
            return work.get();
        } catch (TooComplexException e) {
            throw new ConstraintException(name(source) + " is too complex: " + e.getMessage(), e);
        } catch (StackOverflowError e) {
            throw new ConstraintException(name(source) + " is too complex: it nests too deeply", e);
        } catch (ConstraintException e) {
            throw source instanceof ConstraintSource.Named named
                    ? new ConstraintException(named.name() + ": " + e.getMessage(), e)
                    : e;
        }
    }

    private Beginning oneOf(List<ConstraintSource> choices) {
        if (choices.isEmpty()) {
            throw new ConstraintException("the list of choices is empty");
        }
        return Beginning.oneOf(parts(choices));
    }

    private List<Beginning> parts(List<ConstraintSource> sources) {
        return sources.stream().map(this::part).toList();
    }

    /// A fixed text as the machine reads it: where the text spells a control token, only that token is accepted there;
    /// elsewhere the text's bytes are.
    private Beginning exact(String text) {
        if (text.isEmpty()) {
            return Frame::resume;
        }
        var bytes = new ByteArrayOutputStream();
        int at = 0;
        while (at < text.length()) {
            String markup = tokenizer.markupAt(text, at);
            int id = markup.isEmpty() ? -1 : tokenizer.idOf(markup);
            int end = id >= 0 ? at + markup.length() : text.offsetByCodePoints(at, 1);
            bytes.writeBytes(id >= 0 && tokenizer.isControl(id)
                    ? TokenMasks.markup(id)
                    : text.substring(at, end).getBytes(StandardCharsets.UTF_8));
            at = end;
        }
        return text(Regex.words(List.of(bytes.toByteArray())), "text");
    }

    /// The name of the request's field that a source comes from, for error messages.
    private static String name(ConstraintSource source) {
        return switch (source) {
            case ConstraintSource.JsonSchema schema -> "json_schema";
            case ConstraintSource.Pattern pattern -> "regex";
            case ConstraintSource.Choices choices -> "choices";
            case ConstraintSource.Grammar grammar -> "grammar";
            case ConstraintSource.Named named -> named.name();
            case ConstraintSource.Exact exact -> "the answer's form";
            case ConstraintSource.InOrder order -> "the answer's form";
            case ConstraintSource.OneOf either -> "the answer's form";
            case ConstraintSource.Repeated repeated -> "the answer's form";
        };
    }

    private static Regex regex(ConstraintSource.Pattern pattern) {
        try {
            return Patterns.whole(pattern.text(), Alphabet.PLAIN);
        } catch (IllegalArgumentException e) {
            throw new ConstraintException("regex: " + e.getMessage(), e);
        }
    }

    private static void checkLength(String name, long characters) {
        if (characters > MAX_CHARACTERS) {
            throw new ConstraintException(name + " has " + characters + " characters; at most " + MAX_CHARACTERS
                    + " are accepted");
        }
    }

    private static Regex words(ConstraintSource.Choices choices) {
        checkLength("choices", choices.texts().stream().mapToLong(String::length).sum());
        var texts = new ArrayList<byte[]>();
        for (String text : choices.texts()) {
            if (text.isEmpty()) {
                throw new ConstraintException("choices: found an empty text; each choice needs at least one character");
            }
            texts.add(text.getBytes(StandardCharsets.UTF_8));
        }
        if (texts.isEmpty()) {
            throw new ConstraintException("choices is an empty list; at least one text is needed");
        }
        return Regex.words(texts);
    }

    private Beginning text(Regex regex, String name) {
        var dfa = automaton(regex);
        if (dfa.start() == Dfa.DEAD || dfa.isAccepting(dfa.start()) && dfa.isFinal(dfa.start())) {
            throw new ConstraintException(name + " accepts only the empty text; an answer needs at least one token");
        }
        return (behind, next) -> Lexeme.begin(dfa, behind, next);
    }

    private Dfa automaton(Regex regex) {
        synchronized (automata) {
            return automata.computeIfAbsent(regex, Dfa::new);
        }
    }
}
