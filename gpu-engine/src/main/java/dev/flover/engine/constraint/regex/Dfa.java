package dev.flover.engine.constraint.regex;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The deterministic automaton of a [Regex], built lazily: a state is computed when it is first reached. Its states are
/// derivatives of the expression (Brzozowski 1964). State 0, [#DEAD], is the only one from which no text is accepted.
///
/// Safe to share between threads: transitions are computed under the lock, and known ones are read without it.
public final class Dfa {
    public static final int DEAD = 0;
    /// The most states of one automaton; each takes a few hundred bytes.
    private static final int MAX_STATES = 200_000;
    /// The most states that a search visits to decide whether a state is live.
    private static final int MAX_SEARCH = 20_000;
    private static final int MAX_REACHED = 300;
    private static final int UNKNOWN = -1;

    private final int start;
    private final int classes;
    private final byte[] classOf = new byte[256];
    private final byte[] sample;
    private final Map<Regex, Integer> ids = new HashMap<>();
    private final List<Regex> regexes = new ArrayList<>();
    private final BitSet live = new BitSet();
    private final BitSet barren = new BitSet();
    private @Nullable Boolean inexhaustible;
    private volatile int[][] rows = new int[16][];
    private volatile boolean[] accepting = new boolean[16];

    public Dfa(Regex regex) {
        classes = partition(regex);
        sample = new byte[classes];
        for (int value = 255; value >= 0; value--) {
            sample[classOf[value] & 0xFF] = (byte) value;
        }
        add(Regex.NOTHING);
        barren.set(DEAD);
        start = settled(add(regex));
    }

    private int partition(Regex regex) {
        var sets = new HashSet<ByteSet>();
        collect(regex, sets, new HashSet<>());
        int[] signature = new int[256];
        int count = 1;
        for (var set : sets) {
            var split = new HashMap<Integer, Integer>();
            int before = count;
            for (int value = 0; value < 256; value++) {
                if (set.contains(value)) {
                    int old = signature[value];
                    Integer fresh = split.get(old);
                    if (fresh == null) {
                        fresh = count++;
                        split.put(old, fresh);
                    }
                    signature[value] = fresh;
                }
            }
            count = count == before ? before : dense(signature);
        }
        for (int value = 0; value < 256; value++) {
            classOf[value] = (byte) signature[value];
        }
        return count;
    }

    private static int dense(int[] signature) {
        var numbers = new HashMap<Integer, Integer>();
        for (int value = 0; value < 256; value++) {
            Integer number = numbers.get(signature[value]);
            if (number == null) {
                number = numbers.size();
                numbers.put(signature[value], number);
            }
            signature[value] = number;
        }
        return numbers.size();
    }

    private static void collect(Regex regex, HashSet<ByteSet> sets, HashSet<Regex> seen) {
        if (!seen.add(regex)) {
            return;
        }
        switch (regex.kind) {
            case BYTES -> sets.add(regex.bytes());
            case LEAF -> sets.addAll(regex.leaf().sets());
            case WORDS -> {
                var used = new BitSet();
                var words = regex.words();
                for (int i = words.from(); i < words.to(); i++) {
                    for (byte value : words.all()[i]) {
                        used.set(value & 0xFF);
                    }
                }
                used.stream().forEach(value -> sets.add(ByteSet.of(value)));
            }
            case NOTHING, EMPTY, CONCAT, OR, AND, NOT, REPEAT -> {
                for (var part : regex.parts) {
                    collect(part, sets, seen);
                }
            }
        }
    }

    /// The start state; [#DEAD] if the language is empty.
    public int start() {
        return start;
    }

    public boolean isAccepting(int state) {
        return accepting[state];
    }

    public int step(int state, int value) {
        int next = rows[state][classOf[value & 0xFF] & 0xFF];
        return next != UNKNOWN ? next : compute(state, classOf[value & 0xFF] & 0xFF);
    }

    private synchronized int compute(int state, int byteClass) {
        int next = rows[state][byteClass];
        if (next == UNKNOWN) {
            next = settled(raw(state, byteClass));
            rows[state][byteClass] = next;
        }
        return next;
    }

    private int raw(int state, int byteClass) {
        return add(regexes.get(state).derive(sample[byteClass] & 0xFF, new HashMap<>()));
    }

    private int settled(int state) {
        return barren.get(state) || regexes.get(state).tangled && !isLive(state) ? DEAD : state;
    }

    /// Whether some text leads from a state to acceptance, found by a depth-first search for an accepting state. The
    /// search records the states that it proves live or dead.
    private boolean isLive(int state) {
        if (live.get(state) || accepting[state]) {
            return true;
        }
        var from = new HashMap<Integer, Integer>();
        var queue = new ArrayDeque<Integer>();
        from.put(state, state);
        queue.add(state);
        while (!queue.isEmpty()) {
            int current = queue.pollLast();
            for (int i = 0; i < classes; i++) {
                int next = rows[current][i] != UNKNOWN ? rows[current][i] : raw(current, i);
                if (accepting[next] || live.get(next) || !barren.get(next) && !regexes.get(next).tangled) {
                    for (int at = current; !live.get(at); at = Objects.requireNonNull(from.get(at))) {
                        live.set(at);
                    }
                    return true;
                }
                if (!barren.get(next) && from.putIfAbsent(next, current) == null) {
                    queue.add(next);
                }
            }
            if (from.size() > MAX_SEARCH) {
                throw new TooComplexException("deciding whether the pattern matches any text takes more than "
                        + MAX_SEARCH + " states");
            }
        }
        from.keySet().forEach(barren::set);
        return false;
    }

    private synchronized int add(Regex regex) {
        Integer known = ids.get(regex);
        if (known != null) {
            return known;
        }
        int id = regexes.size();
        if (id >= MAX_STATES) {
            throw new TooComplexException("an automaton of more than " + MAX_STATES + " states");
        }
        ids.put(regex, id);
        regexes.add(regex);
        int[][] grownRows = id < rows.length ? rows : Arrays.copyOf(rows, id * 2);
        boolean[] grownAccepting = id < accepting.length ? accepting : Arrays.copyOf(accepting, id * 2);
        grownRows[id] = new int[classes];
        Arrays.fill(grownRows[id], id == DEAD ? DEAD : UNKNOWN);
        grownAccepting[id] = regex.nullable;
        accepting = grownAccepting;
        rows = grownRows;
        return id;
    }

    public boolean matches(byte[] text) {
        int state = start;
        for (int i = 0; i < text.length && state != DEAD; i++) {
            state = step(state, text[i]);
        }
        return isAccepting(state);
    }

    /// Whether no byte can follow this state.
    public boolean isFinal(int state) {
        for (int i = 0; i < classes; i++) {
            if (step(state, sample[i]) != DEAD) {
                return false;
            }
        }
        return true;
    }

    /// The number of texts that lead from a state to acceptance; -1 if they are infinitely many or more than `limit`,
    /// or if counting them takes more than `limit` states.
    public int count(int state, int limit) {
        return count(state, limit, new HashMap<>());
    }

    /// As [#count(int, int)]. In `known`, -2 marks a state whose count is in progress: reaching it again means a cycle,
    /// hence infinitely many texts.
    private int count(int state, int limit, Map<Integer, Integer> known) {
        Integer found = known.get(state);
        if (found != null) {
            return found < 0 ? -1 : found;
        }
        if (known.size() > Math.min(limit, 2_000)) {
            return -1;
        }
        known.put(state, -2);
        long total = isAccepting(state) ? 1 : 0;
        int[] times = new int[classes];
        for (int value = 0; value < 256; value++) {
            times[classOf[value] & 0xFF]++;
        }
        for (int i = 0; i < classes; i++) {
            int next = step(state, sample[i]);
            if (next != DEAD) {
                int inner = count(next, limit, known);
                total += (long) inner * times[i];
                if (inner < 0 || total > limit) {
                    known.put(state, -1);
                    return -1;
                }
            }
        }
        known.put(state, (int) total);
        return (int) total;
    }

    /// Whether every prefix of a text can continue in infinitely many ways. False if deciding this takes too many
    /// states.
    public synchronized boolean isInexhaustible() {
        if (inexhaustible == null) {
            var states = reachable();
            inexhaustible = !states.isEmpty() && states.stream()
                    .allMatch(state -> isAccepting(state) && isFinal(state) || count(state, MAX_REACHED) < 0);
        }
        return inexhaustible;
    }

    /// Whether texts of at most `length` bytes lead to more than `limit` states.
    boolean hasMoreThan(int limit, int length) {
        var found = new BitSet();
        var level = List.of(start);
        found.set(start);
        int count = 1;
        for (int depth = 0; depth < length && !level.isEmpty(); depth++) {
            var next = new ArrayList<Integer>();
            for (int state : level) {
                for (int i = 0; i < classes; i++) {
                    int following = step(state, sample[i]);
                    if (following != DEAD && !found.get(following)) {
                        found.set(following);
                        next.add(following);
                    }
                }
                if (count + next.size() > limit) {
                    return true;
                }
            }
            count += next.size();
            level = next;
        }
        return false;
    }

    /// The states that texts lead to; empty if there are more than [#MAX_REACHED].
    private BitSet reachable() {
        var found = new BitSet();
        var queue = new ArrayDeque<Integer>();
        found.set(start);
        queue.add(start);
        while (!queue.isEmpty()) {
            int state = queue.poll();
            for (int i = 0; i < classes; i++) {
                int next = step(state, sample[i]);
                if (next != DEAD && !found.get(next)) {
                    found.set(next);
                    queue.add(next);
                }
            }
            if (found.cardinality() > MAX_REACHED) {
                return new BitSet();
            }
        }
        return found;
    }
}
