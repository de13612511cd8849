package dev.flover.topology.request;

import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.topology.avro.AvroAnswerException;
import dev.flover.topology.avro.AvroAnswers;
import dev.flover.topology.avro.AvroJsonSchema;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compiles the constraints of requests on other threads, for all partitions of a process. Equal constraints are
/// compiled once.
///
/// A compiled constraint is kept as long as an answer uses it, and after that as long as memory allows (by a soft
/// reference).
public final class Constraints {
    private static final Logger LOG = LoggerFactory.getLogger(Constraints.class);
    private static final int MOST_KEPT = 1_000;

    private final @Nullable Tokenizer tokenizer;
    private final Function<String, Executor> turns;
    private final Map<ByteBuffer, SoftReference<Prepared>> known = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, SoftReference<Prepared>> eldest) {
            return size() > MOST_KEPT;
        }
    };
    private final Map<ByteBuffer, CompletableFuture<Prepared>> underWay = new HashMap<>();
    private @Nullable ConstraintCompiler compiler;

    /// The constraint of a request, and the options of the request that may contradict it.
    ///
    /// @param field     the field of the request that states the constraint, for error messages
    /// @param tenant    the tenant on whose account the constraint is compiled
    /// @param stop      the stop strings, which end the answer
    /// @param minTokens the smallest number of tokens of the answer
    public record Wish(String field, Source source, String tenant, List<String> stop, int minTokens) {
        Wish(String field, @Nullable ConstraintSource source, String tenant, List<String> stop, int minTokens) {
            this(field, new Source.Said(source), tenant, stop, minTokens);
        }

        boolean isPlain() {
            return stop.isEmpty() && minTokens == 0;
        }
    }

    /// The origin of a constraint: the request itself, or an Avro schema of the registry.
    sealed interface Source {
        record Said(@Nullable ConstraintSource constraint) implements Source {}

        /// The constraint of JSON that fits an Avro schema.
        ///
        /// @param id     the schema's id in the registry
        /// @param text   the schema
        /// @param spaced whether the answer may have white space between the elements of its JSON
        record Avro(int id, String text, boolean spaced) implements Source {}
    }

    /// The outcome of compiling a constraint.
    public sealed interface Prepared {
        /// The constraint is compiled.
        ///
        /// @param records encodes the answer as an Avro record; null where the constraint is no Avro schema
        record Ready(Constraint constraint, @Nullable AvroAnswers records) implements Prepared {}

        /// The constraint cannot be compiled, or contradicts the request's other options.
        ///
        /// @param field   the wrong field of the request
        /// @param message the fault, and where in the constraint it is
        record Refused(String field, String message) implements Prepared {}
    }

    /// @param tokenizer the model's; null where the model file has none
    /// @param turns     returns the executor for the work of a tenant
    public Constraints(@Nullable Tokenizer tokenizer, Function<String, Executor> turns) {
        this.tokenizer = tokenizer;
        this.turns = turns;
    }

    /// Compiles and checks a constraint. Does not wait: the result is complete at once where the constraint was
    /// compiled before, and is completed by another thread otherwise.
    public CompletableFuture<Prepared> prepare(Wish wish) {
        var compiled = compiled(wish);
        return wish.isPlain()
                ? compiled
                : compiled.thenApplyAsync(prepared -> checked(wish, prepared), turns.apply(wish.tenant()));
    }

    private synchronized CompletableFuture<Prepared> compiled(Wish wish) {
        var digest = digest(wish.source());
        var kept = known.get(digest);
        var prepared = kept == null ? null : kept.get();
        if (prepared != null) {
            return CompletableFuture.completedFuture(prepared);
        }
        var compiling = underWay.get(digest);
        if (compiling == null) {
            var begun = new CompletableFuture<Prepared>();
            underWay.put(digest, begun);
            turns.apply(wish.tenant()).execute(() -> {
                var result = compile(wish);
                synchronized (this) {
                    known.put(digest, new SoftReference<>(result));
                    underWay.remove(digest);
                }
                begun.complete(result);
            });
            compiling = begun;
        }
        return compiling;
    }

    private Prepared compile(Wish wish) {
        return guarded(wish, () -> switch (wish.source()) {
            case Source.Said(ConstraintSource constraint) ->
                    new Prepared.Ready(compiler().compile(constraint), null);
            case Source.Avro avro -> {
                var schema = parsed(avro);
                yield new Prepared.Ready(compiler().compile(json(avro, schema)), new AvroAnswers(schema, avro.id()));
            }
        });
    }

    private static Schema parsed(Source.Avro avro) {
        try {
            return new Schema.Parser().parse(avro.text());
        } catch (AvroRuntimeException e) {
            throw new AvroAnswerException("Avro cannot parse the schema that the registry serves: " + e.getMessage());
        }
    }

    private static ConstraintSource json(Source.Avro avro, Schema schema) {
        return new ConstraintSource.JsonSchema(AvroJsonSchema.of(schema), avro.spaced());
    }

    private static ConstraintSource constraint(Source source) {
        return switch (source) {
            case Source.Said(ConstraintSource constraint) -> constraint;
            case Source.Avro avro -> json(avro, parsed(avro));
        };
    }

    /// Checks that the stop strings and the smallest number of tokens do not contradict the constraint.
    private Prepared checked(Wish wish, Prepared prepared) {
        return prepared instanceof Prepared.Refused ? prepared : guarded(wish, () -> {
            var texts = compiler().texts(constraint(wish.source()));
            for (var stop : wish.stop()) {
                if (texts.mayContain(stop)) {
                    return new Prepared.Refused("stop", RequestConstraint.contradiction("stop", wish.field(),
                            "an answer may contain \"" + RequestCheck.brief(stop) + "\", which would end it before it "
                            + "is complete")
                            .getMessage());
                }
            }
            return texts.mayBeAsLongAs(wish.minTokens())
                    ? prepared
                    : new Prepared.Refused("min_tokens", RequestConstraint.contradiction("min_tokens", wish.field(),
                            "no answer has as many as " + wish.minTokens()).getMessage());
        });
    }

    /// Turns a failure of the compiler into a refusal of the one request that has the constraint.
    private static Prepared guarded(Wish wish, Supplier<Prepared> work) {
        try {
            return work.get();
        } catch (ConstraintException e) {
            return new Prepared.Refused(wish.field(), e.getMessage());
        } catch (AvroAnswerException e) {
            return new Prepared.Refused(wish.field(), wish.field() + ": " + e.getMessage());
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            LOG.warn("{} of a request could not be compiled", wish.field(), e);
            return new Prepared.Refused(wish.field(), wish.field() + " could not be compiled: " + e);
        }
    }

    private synchronized ConstraintCompiler compiler() {
        if (compiler == null) {
            assert tokenizer != null : "a request with a constraint is refused if the model file has no tokenizer";
            compiler = new ConstraintCompiler(tokenizer);
        }
        return compiler;
    }

    private static ByteBuffer digest(Source source) {
        var hash = sha256();
        switch (source) {
            case Source.Avro(int id, String text, boolean spaced) ->
                    add(hash, (spaced ? "spaced avro " : "avro ") + id, text);
            case Source.Said(ConstraintSource constraint) -> add(hash, constraint);
        }
        return ByteBuffer.wrap(hash.digest());
    }

    private static void add(MessageDigest hash, ConstraintSource constraint) {
        switch (constraint) {
            case ConstraintSource.JsonSchema(String text, boolean spaced) ->
                    add(hash, spaced ? "spaced" : "json", text);
            case ConstraintSource.Pattern(String text) -> add(hash, "regex", text);
            case ConstraintSource.Choices(List<String> texts) -> {
                add(hash, "choices", Integer.toString(texts.size()));
                texts.forEach(text -> add(hash, "choice", text));
            }
            case ConstraintSource.Grammar(String text) -> add(hash, "grammar", text);
            case ConstraintSource.Exact(String text) -> add(hash, "exact", text);
            case ConstraintSource.InOrder(List<ConstraintSource> parts) -> {
                add(hash, "in order", Integer.toString(parts.size()));
                parts.forEach(part -> add(hash, part));
            }
            case ConstraintSource.OneOf(List<ConstraintSource> choices) -> {
                add(hash, "one of", Integer.toString(choices.size()));
                choices.forEach(choice -> add(hash, choice));
            }
            case ConstraintSource.Repeated(ConstraintSource body, ConstraintSource separator) -> {
                add(hash, "repeated", "");
                add(hash, body);
                add(hash, separator);
            }
            case ConstraintSource.Named(String name, ConstraintSource inner) -> {
                add(hash, "named", name);
                add(hash, inner);
            }
        }
    }

    private static void add(MessageDigest hash, String kind, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        hash.update((kind + " " + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
        hash.update(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
