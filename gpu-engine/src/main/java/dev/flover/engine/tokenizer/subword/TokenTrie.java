package dev.flover.engine.tokenizer.subword;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A trie of token spellings by code points, which can be walked from any position of a text.
public final class TokenTrie {
    public static final int ROOT = 0;
    private static final int CODE_POINT_BITS = 21;

    private final LongIntTable edges = new LongIntTable(1024);
    private final List<Integer> tokens = new ArrayList<>();
    private final BitSet firstCharacters = new BitSet();

    public TokenTrie() {
        tokens.add(-1);
    }

    /// Adds a token. If several have the same spelling, the first one stays.
    public void add(String spelling, int token) {
        int node = ROOT;
        firstCharacters.set(spelling.charAt(0));
        for (int i = 0; i < spelling.length(); ) {
            int codePoint = spelling.codePointAt(i);
            int child = child(node, codePoint);
            if (child < 0) {
                child = tokens.size();
                tokens.add(-1);
                edges.putIfAbsent(key(node, codePoint), child);
            }
            node = child;
            i += Character.charCount(codePoint);
        }
        if (tokens.get(node) < 0) {
            tokens.set(node, token);
        }
    }

    public boolean isEmpty() {
        return firstCharacters.isEmpty();
    }

    /// Whether any spelling begins with this UTF-16 code unit.
    public boolean mayStart(char first) {
        return firstCharacters.get(first);
    }

    /// The child of a node by a code point, or -1.
    public int child(int node, int codePoint) {
        return edges.get(key(node, codePoint));
    }

    /// The token whose spelling ends at a node, or -1.
    public int token(int node) {
        return tokens.get(node);
    }

    private static long key(int node, int codePoint) {
        return (long) node << CODE_POINT_BITS | codePoint;
    }
}
