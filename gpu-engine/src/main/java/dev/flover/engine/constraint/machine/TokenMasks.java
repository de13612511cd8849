package dev.flover.engine.constraint.machine;

import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.TooComplexException;
import dev.flover.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;

/// Computes the mask of the tokens of one vocabulary that may come next at a position.
///
/// Not safe for use by several threads at once.
public final class TokenMasks {
    /// The most cached masks, each of one automaton state. With a vocabulary of 128,000 tokens a mask takes 16 KB, and
    /// 4 bytes for each trie node at which the lexeme may end.
    private static final int MAX_KNOWN = 1_024;
    private static final int MAX_PLAIN_STATES = 512;
    /// The most states of one automaton that the tokens of one mask may reach. The count depends only on the state, not
    /// on the contents of the cache, so that the limit refuses the same constraints everywhere.
    private static final int MAX_VISITED = 30_000;
    private static final byte MARK = (byte) 0xFF;

    private final TokenTrie trie;
    private final byte[][] bytes;
    private final Map<State, LexemeMask> known = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<State, LexemeMask> eldest) {
            return size() > MAX_KNOWN;
        }
    };
    private int[] states = new int[64];
    private int[] exits = new int[1024];
    private int exitCount;
    private final BitSet visited = new BitSet();
    private int visitedCount;

    private record State(Dfa dfa, int state) {}

    /// @param bytes the bytes that each token stands for; empty for a token that no mask allows
    public TokenMasks(byte[][] bytes) {
        this.bytes = bytes;
        this.trie = TokenTrie.of(bytes);
    }

    /// The bytes that each token of a model stands for. A control token stands for [#markup]. A text token that
    /// contains the byte 0xFF, with which markup begins and which occurs in no UTF-8, stands for nothing and is never
    /// allowed.
    public static byte[][] bytesOf(Tokenizer tokenizer) {
        byte[][] bytes = new byte[tokenizer.vocabulary()][];
        for (int token = 0; token < bytes.length; token++) {
            bytes[token] = tokenizer.isControl(token) ? markup(token) : withoutMark(tokenizer.bytes(token));
        }
        return bytes;
    }

    /// A control token's bytes for the machine: 0xFF and the token's id. No text has such bytes, so only a constraint
    /// that names this token allows it.
    public static byte[] markup(int token) {
        byte[] bytes = {MARK, 0, 0, 0, 0, 0};
        for (int i = 1, rest = token; i < bytes.length; i++, rest >>>= 7) {
            bytes[i] = (byte) (rest & 0x7F);
        }
        return bytes;
    }

    private static byte[] withoutMark(byte[] text) {
        for (byte value : text) {
            if (value == MARK) {
                return new byte[0];
            }
        }
        return text;
    }

    /// Whether some mask may allow a token.
    public boolean isKnown(int token) {
        return token < bytes.length && bytes[token].length > 0;
    }

    public boolean isText(int token) {
        return isKnown(token) && bytes[token][0] != MARK;
    }

    public int vocabulary() {
        return bytes.length;
    }

    /// The bytes that a token stands for; empty if no mask allows it.
    public byte[] bytes(int token) {
        return bytes[token];
    }

    /// The position after a token; dead if the token cannot follow.
    public Position step(Position position, int token) {
        var at = position;
        for (byte value : bytes[token]) {
            at = at.step(value & 0xFF);
        }
        return at;
    }

    /// The tokens that may come next. The caller must not change the array, which is cached.
    ///
    /// @return one bit for each token; token `t` is bit `t % 64` of element `t / 64`
    public long[] mask(Machine machine, Position position) {
        if (position.mask != null) {
            return position.mask;
        }
        long[] bits = new long[(bytes.length + 63) / 64];
        for (var cursor : position.cursors) {
            if (cursor instanceof Lexeme lexeme) {
                add(machine, lexeme, bits);
            }
        }
        var others = position.others();
        if (!others.isDead()) {
            for (int part = 0; part < TokenTrie.PARTS; part++) {
                walk(others, trie.parts[part], trie.parts[part + 1], bits);
            }
        }
        machine.remember(position, bits);
        return bits;
    }

    private void add(Machine machine, Lexeme lexeme, long[] bits) {
        var inside = inside(lexeme.dfa(), lexeme.state());
        for (int i = 0; i < bits.length; i++) {
            bits[i] |= inside.bits()[i];
        }
        var frame = lexeme.frame();
        if (frame.wantsText()) {
            var behind = frame.resumed(machine);
            int[] forbidden = forbidden(lexeme);
            for (int node : inside.exits()) {
                if (Arrays.binarySearch(forbidden, node) < 0) {
                    leave(behind, node, bits);
                }
            }
            if (lexeme.dfa().isAccepting(lexeme.state())) {
                var now = new ArrayList<Cursor>();
                lexeme.resume(now);
                walkAll(machine.position(now), bits);
            }
            return;
        }
        var behind = frame.resumed(machine);
        for (int node : inside.exits()) {
            leave(behind, node, bits);
        }
        if (lexeme.dfa().isAccepting(lexeme.state())) {
            walkAll(behind, bits);
        }
    }

    private void walkAll(Position position, long[] bits) {
        if (!position.isDead()) {
            for (int part = 0; part < TokenTrie.PARTS; part++) {
                walk(position, trie.parts[part], trie.parts[part + 1], bits);
            }
        }
    }

    private void leave(Position behind, int node, long[] bits) {
        if (!behind.isDead()) {
            set(bits, trie.token[node]);
            if (node + 1 < trie.skip[node]) {
                walk(behind, node + 1, trie.skip[node], bits);
            }
        }
    }

    /// The trie nodes at which a text ends that the lexeme's frame forbids, ascending.
    private int[] forbidden(Lexeme lexeme) {
        var nodes = new ArrayList<Integer>();
        var beginning = lexeme.text();
        byte[] prefix = beginning == null ? new byte[0] : beginning.bytes();
        int read = prefix.length;
        for (byte[] text : lexeme.frame().forbidden()) {
            if (text.length > read && Arrays.equals(text, 0, read, prefix, 0, read)) {
                trie.nodes(text, read, nodes);
            }
        }
        return nodes.stream().mapToInt(Integer::intValue).sorted().toArray();
    }

    /// Adds the tokens at trie nodes `from` to `to` (exclusive) that can be read from position `before`, which is the
    /// position at the parent of node `from`.
    private void walk(Position before, int from, int to, long[] bits) {
        int node = from;
        while (node < to) {
            var at = before.step(trie.label[node] & 0xFF);
            int end = trie.skip[node];
            if (!at.isDead()) {
                set(bits, trie.token[node]);
                if (node + 1 < end) {
                    walk(at, node + 1, end, bits);
                }
            }
            node = end;
        }
    }

    private void set(long[] bits, int token) {
        for (int id = token; id >= 0; id = trie.alike[id]) {
            bits[id >> 6] |= 1L << id;
        }
    }

    private LexemeMask inside(Dfa dfa, int state) {
        var key = new State(dfa, state);
        var mask = known.get(key);
        if (mask == null) {
            mask = compute(dfa, state);
            known.put(key, mask);
        }
        return mask;
    }

    private LexemeMask compute(Dfa dfa, int state) {
        exitCount = 0;
        visited.clear();
        visitedCount = 0;
        var freedom = freedom(dfa, state);
        long[] bits = trie.plainUpTo[Math.min(freedom.any, TokenTrie.SHORT)].clone();
        walk(dfa, state, TokenTrie.OTHERS, bits);
        if (freedom.any < TokenTrie.SHORT && !freedom.ends) {
            walk(dfa, state, TokenTrie.SHORT_PLAIN, bits);
        }
        if (freedom.any > TokenTrie.SHORT) {
            allOf(TokenTrie.LONG_PLAIN, bits);
        } else if (!freedom.ends) {
            walk(dfa, state, TokenTrie.LONG_PLAIN, bits);
        }
        return new LexemeMask(bits, Arrays.copyOf(exits, exitCount));
    }

    private void allOf(int part, long[] bits) {
        for (int node = trie.parts[part]; node < trie.parts[part + 1]; node++) {
            set(bits, trie.token[node]);
        }
    }

    private void walk(Dfa dfa, int state, int part, long[] bits) {
        int node = trie.parts[part];
        int end = trie.parts[part + 1];
        states[0] = state;
        while (node < end) {
            int depth = trie.depth[node];
            int next = dfa.step(states[depth - 1], trie.label[node]);
            if (next == Dfa.DEAD) {
                node = trie.skip[node];
                continue;
            }
            if (!visited.get(next)) {
                visit(next);
            }
            if (depth >= states.length) {
                states = Arrays.copyOf(states, depth * 2);
            }
            states[depth] = next;
            boolean accepting = dfa.isAccepting(next);
            if (accepting) {
                exit(node);
            }
            if (trie.token[node] >= 0 && !(accepting && dfa.isFinal(next))) {
                set(bits, trie.token[node]);
            }
            node++;
        }
    }

    private void visit(int state) {
        visited.set(state);
        if (++visitedCount > MAX_VISITED) {
            throw new TooComplexException("the next token leads to more than " + MAX_VISITED + " states");
        }
    }

    private void exit(int node) {
        if (exitCount == exits.length) {
            exits = Arrays.copyOf(exits, exitCount * 2);
        }
        exits[exitCount++] = node;
    }

    /// How freely plain characters may follow a state.
    ///
    /// @param any  this many plain characters may follow, whichever they are; at most [TokenTrie#SHORT], or one more
    ///             than that if the number is unlimited
    /// @param ends whether no plain character can follow after `any` of them, and the lexeme cannot end among them
    private record Freedom(int any, boolean ends) {}

    private static Freedom freedom(Dfa dfa, int state) {
        var seen = new HashSet<Integer>();
        var level = new HashSet<Integer>();
        level.add(state);
        for (int n = 0; n < TokenTrie.SHORT; n++) {
            var last = new HashSet<>(level);
            level.removeIf(one -> !seen.add(one));
            if (level.isEmpty()) {
                return new Freedom(TokenTrie.SHORT + 1, false);
            }
            var next = new HashSet<Integer>();
            for (int one : level) {
                if (!PlainCharacters.step(dfa, one, next) || seen.size() > MAX_PLAIN_STATES) {
                    return new Freedom(n, last.stream().allMatch(each -> PlainCharacters.areDead(dfa, each))
                            && seen.stream().noneMatch(dfa::isAccepting));
                }
            }
            level = next;
        }
        return new Freedom(TokenTrie.SHORT, false);
    }
}
