package dev.flover.engine.tokenizer;

import dev.flover.engine.tokenizer.pattern.CodePointRules;
import dev.flover.engine.tokenizer.subword.TokenTrie;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tokens that are found in a text before it is split: markup, and words that were added to a vocabulary. At each place
/// the longest token matches, and the leftmost match comes first.
final class AddedTokens {
    /// @param text       the spelling, not empty
    /// @param special    whether the token is markup, which a client's prompt cannot spell
    /// @param eatsLeft   whether the token includes white space before it
    /// @param eatsRight  whether the token includes white space after it
    /// @param singleWord whether the token matches only if no word character stands before or after it
    record AddedToken(
            int id, String text, boolean special, boolean eatsLeft, boolean eatsRight, boolean singleWord) {}

    /// Receives the parts of a text, in order.
    interface Sink {
        /// @param opensText whether the part is at the beginning of the text
        void text(String part, boolean opensText);

        void token(int id);
    }

    private final TokenTrie textual = new TokenTrie();
    private final TokenTrie all = new TokenTrie();
    private final TokenTrie markup = new TokenTrie();
    private final Map<Integer, AddedToken> byId = new HashMap<>();

    AddedTokens(Collection<AddedToken> tokens) {
        for (var token : tokens) {
            byId.put(token.id, token);
            all.add(token.text, token.id);
            (token.special ? markup : textual).add(token.text, token.id);
        }
    }

    /// The token with this spelling, or -1.
    int id(String spelling) {
        return byId.values().stream().filter(token -> token.text.equals(spelling)).mapToInt(AddedToken::id)
                .findFirst().orElse(-1);
    }

    /// The longest markup that begins at a place of a text; empty if none does.
    String markupAt(String text, int at) {
        var token = !markup.isEmpty() && markup.mayStart(text.charAt(at)) ? longestAt(markup, text, at) : null;
        return token == null ? "" : token.text;
    }

    /// The spelling of a token; null if it is not an added token.
    @Nullable String spelling(int token) {
        var added = byId.get(token);
        return added == null ? null : added.text;
    }

    /// Splits a text into added tokens and the text between them.
    ///
    /// @param parseSpecial whether markup is recognised, too
    void split(String text, boolean parseSpecial, Sink out) {
        var trie = parseSpecial ? all : textual;
        int from = 0;
        if (!trie.isEmpty()) {
            for (int at = 0; at < text.length(); ) {
                AddedToken token = trie.mayStart(text.charAt(at)) ? longestAt(trie, text, at) : null;
                if (token == null) {
                    at++;
                    continue;
                }
                int start = token.eatsLeft ? skipLeft(text, at, from) : at;
                if (start > from) {
                    out.text(text.substring(from, start), from == 0);
                }
                out.token(token.id);
                at += token.text.length();
                from = token.eatsRight ? skipRight(text, at) : at;
                at = from;
            }
        }
        if (from < text.length()) {
            out.text(text.substring(from), from == 0);
        }
    }

    private @Nullable AddedToken longestAt(TokenTrie trie, String text, int at) {
        int node = TokenTrie.ROOT;
        int found = -1;
        int end = at;
        while (end < text.length()) {
            int codePoint = text.codePointAt(end);
            node = trie.child(node, codePoint);
            if (node < 0) {
                break;
            }
            end += Character.charCount(codePoint);
            found = trie.token(node) >= 0 ? trie.token(node) : found;
        }
        var token = found < 0 ? null : byId.get(found);
        return token != null && token.singleWord && touchesWord(text, at, at + token.text.length()) ? null : token;
    }

    private static boolean touchesWord(String text, int start, int end) {
        return start > 0 && CodePointRules.WORD.test(text.codePointBefore(start))
                || end < text.length() && CodePointRules.WORD.test(text.codePointAt(end));
    }

    private static int skipLeft(String text, int at, int floor) {
        int start = at;
        while (start > floor && CodePointRules.WHITE_SPACE.test(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static int skipRight(String text, int at) {
        int end = at;
        while (end < text.length() && CodePointRules.WHITE_SPACE.test(text.charAt(end))) {
            end++;
        }
        return end;
    }
}
