package dev.flover.engine.constraint.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The tokens of a vocabulary by their bytes: three tries, one behind the other in one array of nodes, each in
/// preorder.
///
/// The second and third trie hold the tokens of plain characters, which any JSON string can contain: tokens of at most
/// [#SHORT] characters, and longer ones. The first trie holds all other tokens. Tokens without bytes are in none.
final class TokenTrie {
    static final int SHORT = 16;

    /// The indices of the three tries: other tokens, short plain tokens, long plain tokens.
    static final int OTHERS = 0;
    static final int SHORT_PLAIN = 1;
    static final int LONG_PLAIN = 2;
    static final int PARTS = 3;

    final int tokens;
    /// By node: the byte that leads to the node.
    final byte[] label;
    /// By node: the first node after the node's subtree.
    final int[] skip;
    /// By node: its depth, 1 for the first byte of a token.
    final short[] depth;
    /// By node: the token that ends at the node, or -1.
    final int[] token;
    /// By token: a further token with the same bytes, or -1.
    final int[] alike;
    /// The first node of each trie, and the number of nodes.
    final int[] parts = new int[PARTS + 1];
    /// By n: the plain tokens of at most n characters, one bit for each token.
    final long[][] plainUpTo = new long[SHORT + 1][];

    private TokenTrie(byte[][] bytes) {
        tokens = bytes.length;
        alike = new int[tokens];
        Arrays.fill(alike, -1);
        var byPart = new ArrayList<List<Integer>>();
        for (int part = 0; part < PARTS; part++) {
            byPart.add(new ArrayList<>());
        }
        for (int n = 0; n <= SHORT; n++) {
            plainUpTo[n] = new long[(tokens + 63) / 64];
        }
        long total = 0;
        for (int id = 0; id < tokens; id++) {
            if (bytes[id].length > 0 && bytes[id].length < Short.MAX_VALUE) {
                int characters = plainCharacters(bytes[id]);
                byPart.get(characters < 0 ? OTHERS : characters <= SHORT ? SHORT_PLAIN : LONG_PLAIN).add(id);
                for (int n = Math.max(0, characters); characters >= 0 && n <= SHORT; n++) {
                    plainUpTo[n][id >> 6] |= 1L << id;
                }
                total += bytes[id].length;
            }
        }
        int capacity = Math.toIntExact(total);
        var growing = new Growing(capacity);
        for (int part = 0; part < PARTS; part++) {
            parts[part] = growing.size;
            growing.add(byPart.get(part), bytes, alike);
        }
        parts[PARTS] = growing.size;
        label = Arrays.copyOf(growing.label, growing.size);
        skip = Arrays.copyOf(growing.skip, growing.size);
        depth = Arrays.copyOf(growing.depth, growing.size);
        token = Arrays.copyOf(growing.token, growing.size);
    }

    /// @param bytes the bytes that each token stands for; empty for a token that is in no trie
    static TokenTrie of(byte[][] bytes) {
        return new TokenTrie(bytes);
    }

    private static final class Growing {
        final byte[] label;
        final int[] skip;
        final short[] depth;
        final int[] token;
        int size;

        Growing(int capacity) {
            label = new byte[capacity];
            skip = new int[capacity];
            depth = new short[capacity];
            token = new int[capacity];
        }

        void add(List<Integer> ids, byte[][] bytes, int[] alike) {
            ids.sort((x, y) -> Arrays.compareUnsigned(bytes[x], bytes[y]));
            var open = new ArrayList<Integer>();
            byte[] last = {};
            int lastId = -1;
            for (int id : ids) {
                byte[] now = bytes[id];
                if (Arrays.equals(now, last)) {
                    alike[id] = alike[lastId];
                    alike[lastId] = id;
                    continue;
                }
                int common = Arrays.mismatch(last, now);
                close(open, common < 0 ? 0 : common);
                for (int i = open.size(); i < now.length; i++) {
                    label[size] = now[i];
                    depth[size] = (short) (i + 1);
                    token[size] = -1;
                    open.add(size++);
                }
                token[size - 1] = id;
                last = now;
                lastId = id;
            }
            close(open, 0);
        }

        private void close(ArrayList<Integer> open, int keep) {
            while (open.size() > keep) {
                skip[open.removeLast()] = size;
            }
        }
    }

    /// The number of plain characters of a token, or -1 if the bytes are not whole characters of UTF-8 or contain a
    /// character that JSON strings escape.
    private static int plainCharacters(byte[] bytes) {
        int count = 0;
        var utf8 = Utf8.START;
        for (byte value : bytes) {
            if (value >= 0 && (value < 0x20 || value == '"' || value == '\\')) {
                return -1;
            }
            utf8 = utf8.step(value & 0xFF);
            if (utf8 == null) {
                return -1;
            }
            count += utf8 == Utf8.START ? 1 : 0;
        }
        return utf8 == Utf8.START ? count : -1;
    }

    /// Adds the node at the end of a path, from each trie that contains the path.
    ///
    /// @param from the index of the first byte of the path
    void nodes(byte[] path, int from, List<Integer> found) {
        for (int part = 0; part < PARTS; part++) {
            int node = parts[part];
            int end = parts[part + 1];
            for (int i = from; i < path.length && node < end; i++) {
                while (node < end && label[node] != path[i]) {
                    node = skip[node];
                }
                if (node < end && i == path.length - 1) {
                    found.add(node);
                }
                end = node < end ? skip[node] : end;
                node++;
            }
        }
    }
}
