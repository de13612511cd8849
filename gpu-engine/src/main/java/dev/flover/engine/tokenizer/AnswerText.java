package dev.flover.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Decodes the tokens of one answer to text as they arrive. Text is returned once no later token can change it; the
/// rest is held back.
///
/// ```
///   ids -> bytes | an incomplete character waits | text | a possible beginning of a stop string waits | out
/// ```
///
/// The state depends only on the ids pushed so far: after a crash, pushing the stored ids again gives the same pieces
/// and the same state. The pieces together are the decoded ids, [Tokenizer#decode], up to the stop string. Bytes that
/// are not UTF-8 become U+FFFD.
///
/// An answer stops at the first character that completes a stop string; if several end there, the longest counts. It
/// does not matter where tokens begin and end. The stop string is not part of the text.
///
/// For use by one owner; not safe to share between threads.
public final class AnswerText {
    private final Tokenizer tokenizer;
    private final StopString[] stops;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    /// The last bytes seen, if they are an incomplete character; at most three bytes.
    private byte[] incomplete = {};
    /// The last characters seen that were not returned yet.
    private final StringBuilder held = new StringBuilder();
    private boolean dropsSpace;
    private boolean finished;
    private @Nullable StopString matched;

    /// @param preceding the prompt's last token, -1 for none. At the very beginning of a text, and after markup, the
    ///                  space that SentencePiece adds in front of a text is dropped
    /// @param stops     the stop strings, each not empty and well-formed UTF-16
    public AnswerText(Tokenizer tokenizer, int preceding, List<String> stops) {
        this.tokenizer = tokenizer;
        this.stops = stops.stream().map(StopString::new).toArray(StopString[]::new);
        this.dropsSpace = tokenizer.stripsLeadingSpace() && (preceding < 0 || tokenizer.isControl(preceding));
    }

    /// Adds a token, and returns the text that no later token can change; an empty text once the answer has stopped.
    public String push(int token) {
        if (finished) {
            throw new IllegalStateException("token " + token + " comes after the end of the answer");
        }
        if (matched != null) {
            return "";
        }
        return scan(decode(withoutDummySpace(tokenizer.bytes(token)), false));
    }

    /// Ends the answer, and returns the text that was held back. Further calls return nothing.
    public String finish() {
        if (finished || matched != null) {
            finished = true;
            return "";
        }
        finished = true;
        String certain = scan(decode(new byte[0], true));
        if (matched != null) {
            return certain;
        }
        String rest = certain + held;
        held.setLength(0);
        return rest;
    }

    /// Whether a stop string has been seen.
    public boolean stopped() {
        return matched != null;
    }

    /// The stop string that was seen, or null.
    public @Nullable String stop() {
        return matched == null ? null : matched.text;
    }

    private byte[] withoutDummySpace(byte[] bytes) {
        if (!dropsSpace || bytes.length == 0) {
            return bytes;
        }
        dropsSpace = false;
        return bytes[0] == ' ' ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    /// Decodes all complete characters; with `last`, also an incomplete one.
    private CharSequence decode(byte[] bytes, boolean last) {
        var in = ByteBuffer.allocate(incomplete.length + bytes.length).put(incomplete).put(bytes).flip();
        var out = CharBuffer.allocate(in.remaining() + 1);
        decoder.reset().decode(in, out, last);
        incomplete = new byte[in.remaining()];
        in.get(incomplete);
        return out.flip();
    }

    /// Looks for stop strings, and returns the text that cannot be part of one.
    private String scan(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            held.append(c);
            for (var stop : stops) {
                if (stop.accept(c) && (matched == null || stop.text.length() > matched.text.length())) {
                    matched = stop;
                }
            }
            if (matched != null) {
                String certain = held.substring(0, held.length() - matched.text.length());
                held.setLength(0);
                return certain;
            }
        }
        String certain = held.substring(0, held.length() - longestBeginning());
        held.delete(0, certain.length());
        return certain;
    }

    private int longestBeginning() {
        int longest = 0;
        for (var stop : stops) {
            longest = Math.max(longest, stop.seen);
        }
        return longest;
    }

    /// How many characters of a stop string the text ends with (Knuth, Morris and Pratt 1977).
    private static final class StopString {
        private final String text;
        /// By the length of a prefix of the stop string: the length of its longest proper prefix that is also its
        /// suffix.
        private final int[] shorter;
        private int seen;

        StopString(String text) {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("a stop string must not be empty");
            }
            if (!StandardCharsets.UTF_16BE.newEncoder().canEncode(text)) {
                throw new IllegalArgumentException("a stop string must not have half a surrogate pair");
            }
            this.text = text;
            this.shorter = new int[text.length() + 1];
            for (int i = 1; i < text.length(); i++) {
                shorter[i + 1] = extend(shorter[i], text.charAt(i));
            }
        }

        private int extend(int length, char c) {
            int beginning = length;
            while (beginning > 0 && text.charAt(beginning) != c) {
                beginning = shorter[beginning];
            }
            return text.charAt(beginning) == c ? beginning + 1 : 0;
        }

        /// Reads one more character of the text. Returns whether the stop string is complete with it.
        boolean accept(char c) {
            seen = extend(seen, c);
            return seen == text.length();
        }
    }
}
