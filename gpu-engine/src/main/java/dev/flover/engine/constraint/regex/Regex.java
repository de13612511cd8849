package dev.flover.engine.constraint.regex;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A regular language over bytes, as an expression. Immutable. Two expressions are equal if they have the same
/// structure; one language may have several unequal expressions.
public final class Regex {
    /// The most nodes of an expression, where a shared node counts at each of its uses. Building a larger one throws a
    /// [TooComplexException].
    static final int MAX_SIZE = 200_000;
    private static final Regex[] NO_PARTS = {};

    enum Kind {
        NOTHING,
        EMPTY,
        BYTES,
        WORDS,
        LEAF,
        CONCAT,
        OR,
        AND,
        NOT,
        REPEAT
    }

    public static final Regex NOTHING = new Regex(Kind.NOTHING, NO_PARTS, null, 0, 0);
    public static final Regex EMPTY = new Regex(Kind.EMPTY, NO_PARTS, null, 0, 0);
    /// The language of all texts.
    public static final Regex ANY = new Regex(Kind.NOT, new Regex[] {NOTHING}, null, 0, 0);

    final Kind kind;
    final Regex[] parts;
    /// By kind: a [ByteSet], [Words] or [Leaf]; null for the other kinds.
    final @Nullable Object content;
    final int min;
    /// The most repetitions; -1 for no limit.
    final int max;
    final boolean nullable;
    /// Whether the language may be empty although the expression is not [#NOTHING]: true if the expression contains an
    /// intersection or a complement.
    final boolean tangled;
    final int size;
    private final int hash;

    private Regex(Kind kind, Regex[] parts, @Nullable Object content, int min, int max) {
        this.kind = kind;
        this.parts = parts;
        this.content = content;
        this.min = min;
        this.max = max;
        this.nullable = isNullable();
        boolean inner = false;
        int total = 1;
        int code = kind.ordinal() * 31 + min * 17 + max;
        for (var part : parts) {
            inner |= part.tangled;
            total += part.size;
            code = code * 31 + part.hash;
        }
        if (total > MAX_SIZE) {
            throw new TooComplexException("an expression of more than " + MAX_SIZE + " parts");
        }
        this.tangled = inner || kind == Kind.AND || kind == Kind.NOT && parts[0].kind != Kind.NOTHING;
        this.size = total;
        this.hash = code * 31 + (content == null ? 0 : content.hashCode());
    }

    /// The content of an expression of the kind BYTES.
    ByteSet bytes() {
        return (ByteSet) Objects.requireNonNull(content);
    }

    /// The content of an expression of the kind WORDS.
    Words words() {
        return (Words) Objects.requireNonNull(content);
    }

    /// The content of an expression of the kind LEAF.
    Leaf leaf() {
        return (Leaf) Objects.requireNonNull(content);
    }

    private boolean isNullable() {
        return switch (kind) {
            case NOTHING, BYTES -> false;
            case EMPTY -> true;
            case WORDS -> words().nullable();
            case LEAF -> leaf().nullable();
            case CONCAT, AND -> Arrays.stream(parts).allMatch(part -> part.nullable);
            case OR -> Arrays.stream(parts).anyMatch(part -> part.nullable);
            case NOT -> !parts[0].nullable;
            case REPEAT -> min == 0 || parts[0].nullable;
        };
    }

    static Regex bytes(ByteSet set) {
        return set.isEmpty() ? NOTHING : new Regex(Kind.BYTES, NO_PARTS, set, 0, 0);
    }

    static Regex leaf(Leaf leaf) {
        return new Regex(Kind.LEAF, NO_PARTS, leaf, 0, 0);
    }

    private static Regex words(Words words) {
        if (words.from() == words.to()) {
            return NOTHING;
        }
        return words.to() - words.from() == 1 && words.nullable()
                ? EMPTY
                : new Regex(Kind.WORDS, NO_PARTS, words, 0, 0);
    }

    /// The language of exactly the given texts.
    public static Regex words(Iterable<byte[]> texts) {
        return words(Words.of(texts));
    }

    public static Regex text(String text) {
        return words(List.of(text.getBytes(StandardCharsets.UTF_8)));
    }

    public static Regex concat(Regex... parts) {
        var result = EMPTY;
        for (int i = parts.length - 1; i >= 0; i--) {
            result = pair(parts[i], result);
        }
        return result;
    }

    private static Regex pair(Regex first, Regex second) {
        if (first.kind == Kind.NOTHING || second.kind == Kind.NOTHING) {
            return NOTHING;
        }
        if (first.kind == Kind.EMPTY) {
            return second;
        }
        if (second.kind == Kind.EMPTY) {
            return first;
        }
        if (first.kind == Kind.CONCAT) {
            return pair(first.parts[0], pair(first.parts[1], second));
        }
        return new Regex(Kind.CONCAT, new Regex[] {first, second}, null, 0, 0);
    }

    public static Regex or(Regex... parts) {
        return or(Arrays.asList(parts));
    }

    public static Regex or(List<Regex> parts) {
        var distinct = new LinkedHashSet<Regex>();
        var words = new ArrayList<Words>();
        var bytes = new ByteSet[] {ByteSet.NONE};
        for (var part : parts) {
            spread(Kind.OR, part, inner -> {
                if (inner.kind == Kind.BYTES) {
                    bytes[0] = bytes[0].or(inner.bytes());
                } else if (inner.kind == Kind.WORDS && inner.words().depth() == 0) {
                    words.add(inner.words());
                } else if (inner.kind != Kind.NOTHING) {
                    distinct.add(inner);
                }
            });
        }
        if (distinct.contains(ANY)) {
            return ANY;
        }
        if (!bytes[0].isEmpty()) {
            distinct.add(bytes(bytes[0]));
        }
        if (!words.isEmpty()) {
            distinct.add(together(words));
        }
        if (distinct.size() > 1 && distinct.contains(EMPTY)
                && distinct.stream().anyMatch(part -> part.nullable && part.kind != Kind.EMPTY)) {
            distinct.remove(EMPTY);
        }
        return group(Kind.OR, distinct, NOTHING);
    }

    private static Regex together(List<Words> words) {
        if (words.size() == 1) {
            return words(words.getFirst());
        }
        var all = new ArrayList<byte[]>();
        words.forEach(some -> all.addAll(Arrays.asList(some.all()).subList(some.from(), some.to())));
        return words(all);
    }

    public static Regex and(Regex... parts) {
        return and(Arrays.asList(parts));
    }

    public static Regex and(List<Regex> parts) {
        var distinct = new LinkedHashSet<Regex>();
        parts.forEach(part -> spread(Kind.AND, part, distinct::add));
        distinct.remove(ANY);
        if (distinct.contains(NOTHING)) {
            return NOTHING;
        }
        if (distinct.contains(EMPTY)) {
            return distinct.stream().allMatch(part -> part.nullable) ? EMPTY : NOTHING;
        }
        if (distinct.size() > 1) {
            for (var part : distinct) {
                if (part.kind == Kind.WORDS && part.words().depth() == 0) {
                    distinct.remove(part);
                    return filter(part.words(), group(Kind.AND, distinct, ANY));
                }
            }
        }
        return group(Kind.AND, distinct, ANY);
    }

    private static Regex filter(Words words, Regex other) {
        var dfa = new Dfa(other);
        var kept = new ArrayList<byte[]>();
        for (int i = words.from(); i < words.to(); i++) {
            if (dfa.matches(words.all()[i])) {
                kept.add(words.all()[i]);
            }
        }
        return words(kept);
    }

    private static void spread(Kind kind, Regex part, Consumer<Regex> to) {
        if (part.kind != kind) {
            to.accept(part);
            return;
        }
        for (var inner : part.parts) {
            to.accept(inner);
        }
    }

    private static Regex group(Kind kind, LinkedHashSet<Regex> distinct, Regex ofNone) {
        if (distinct.isEmpty()) {
            return ofNone;
        }
        if (distinct.size() == 1) {
            return distinct.getFirst();
        }
        var sorted = distinct.toArray(Regex[]::new);
        Arrays.sort(sorted, (x, y) -> Integer.compare(x.hash, y.hash));
        return new Regex(kind, sorted, null, 0, 0);
    }

    public static Regex not(Regex part) {
        return part.kind == Kind.NOT ? part.parts[0] : new Regex(Kind.NOT, new Regex[] {part}, null, 0, 0);
    }

    /// @param max the most repetitions; -1 for no limit
    public static Regex repeat(Regex part, int min, int max) {
        if (max == 0 || part.kind == Kind.EMPTY) {
            return EMPTY;
        }
        if (part.kind == Kind.NOTHING) {
            return min == 0 ? EMPTY : NOTHING;
        }
        if (min == 1 && max == 1) {
            return part;
        }
        return new Regex(Kind.REPEAT, new Regex[] {part}, null, min, max);
    }

    public static Regex optional(Regex part) {
        return or(EMPTY, part);
    }

    /// Whether the expression is a list of texts.
    public boolean isWords() {
        return kind == Kind.WORDS || kind == Kind.EMPTY || kind == Kind.NOTHING;
    }

    /// The texts, if [#isWords].
    public List<byte[]> asWords() {
        if (kind != Kind.WORDS) {
            return kind == Kind.EMPTY ? List.of(new byte[0]) : List.of();
        }
        var words = words();
        return Arrays.asList(words.all()).subList(words.from(), words.to()).stream()
                .map(word -> Arrays.copyOfRange(word, words.depth(), word.length)).toList();
    }

    /// The derivative by a byte: the language of the rests of those texts that begin with the byte (Brzozowski 1964).
    ///
    /// @param known a cache of the derivatives by this byte, which is filled
    Regex derive(int value, Map<Regex, Regex> known) {
        return switch (kind) {
            case NOTHING, EMPTY -> NOTHING;
            case BYTES -> bytes().contains(value) ? EMPTY : NOTHING;
            case WORDS -> words(words().after(value));
            case LEAF -> leaf().derive(value);
            case CONCAT, OR, AND, NOT, REPEAT -> {
                var found = known.get(this);
                if (found == null) {
                    found = deriveParts(value, known);
                    known.put(this, found);
                }
                yield found;
            }
        };
    }

    private Regex deriveParts(int value, Map<Regex, Regex> known) {
        return switch (kind) {
            case CONCAT -> {
                var first = pair(parts[0].derive(value, known), parts[1]);
                yield parts[0].nullable ? or(first, parts[1].derive(value, known)) : first;
            }
            case NOT -> not(parts[0].derive(value, known));
            case REPEAT -> pair(parts[0].derive(value, known),
                    repeat(parts[0], Math.max(0, min - 1), max < 0 ? max : max - 1));
            case OR, AND -> {
                var derived = new ArrayList<Regex>(parts.length);
                for (var part : parts) {
                    derived.add(part.derive(value, known));
                }
                yield kind == Kind.OR ? or(derived) : and(derived);
            }
            case NOTHING, EMPTY, BYTES, WORDS, LEAF -> throw new AssertionError(kind);
        };
    }

    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        return other instanceof Regex regex && hash == regex.hash && kind == regex.kind && min == regex.min
                && max == regex.max && size == regex.size
                && (content == null ? regex.content == null : content.equals(regex.content))
                && Arrays.equals(parts, regex.parts);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
