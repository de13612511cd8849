package dev.flover.engine.sampling;

import dev.flover.engine.constraint.ConstrainedAnswer;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/// Computes the mask of a sequence's next token on another thread, while the step that draws this token runs.
///
/// ```
///   step k      ... draw ─► token ──┐
///   step k + 1                      ├─► forward pass ──────────► draw
///                                   └─► mask, meanwhile ─────────┘
/// ```
///
/// Used by one thread at a time. A mask depends only on the tokens, not on when it is computed.
public final class MaskAhead {
    private static final Allowed NOTHING = new Allowed(new long[0], false, false);

    private final ConstrainedAnswer answer;
    private CompletableFuture<Allowed> next;

    /// The tokens that a constraint allows next.
    ///
    /// @param bits    one bit for each token of the vocabulary
    /// @param mayEnd  whether the answer may end instead
    /// @param anyText whether any bit is set
    public record Allowed(long[] bits, boolean mayEnd, boolean anyText) {
        boolean contains(int token) {
            return token >> 6 < bits.length && (bits[token >> 6] >> token & 1) != 0;
        }
    }

    /// @param history the prompt ids, then the ids of the answer so far
    /// @param from    the index in `history` at which the answer begins
    public MaskAhead(Constraint constraint, int[] history, int from) {
        answer = new ConstrainedAnswer(constraint);
        next = CompletableFuture.supplyAsync(() -> {
            for (int i = from; i < history.length; i++) {
                answer.take(history[i]);
            }
            return find();
        });
    }

    /// Appends a drawn token, and starts to compute the mask of the next one.
    public void append(int token) {
        next = next.thenApplyAsync(before -> {
            answer.take(token);
            return find();
        });
    }

    /// Computes the next mask. If the constraint's state exceeds a limit, no token is allowed, which ends this sequence
    /// and no other one.
    private Allowed find() {
        try {
            long[] bits = answer.mask();
            return new Allowed(bits, answer.mayEnd(), Arrays.stream(bits).anyMatch(word -> word != 0));
        } catch (TooComplexException e) {
            return NOTHING;
        }
    }

    public Allowed await() {
        return next.join();
    }
}
