package dev.flover.engine.sampling;

import dev.flover.engine.constraint.ConstrainedAnswer;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/// The mask of a sequence's next token, found on another thread while the step that needs it computes.
///
/// ```
///   step k      ... draw ─► token ──┐
///   step k + 1                      ├─► forward pass ──────────► draw
///                                   └─► mask, beside it ─────────┘
/// ```
///
/// One thread at a time appends tokens and asks; a mask is a function of the tokens alone, whenever it is found.
public final class MaskAhead {
    private static final Allowed NOTHING = new Allowed(new long[0], false, false);

    private final ConstrainedAnswer answer;
    private CompletableFuture<Allowed> next;

    /// @param bits    a bit for each token that may come next
    /// @param mayEnd  whether the answer may end instead
    /// @param anyText whether there is such a token
    public record Allowed(long[] bits, boolean mayEnd, boolean anyText) {
        boolean contains(int token) {
            return token >> 6 < bits.length && (bits[token >> 6] >> token & 1) != 0;
        }
    }

    /// @param from where the answer begins in its history
    public MaskAhead(Constraint constraint, int[] history, int from) {
        answer = new ConstrainedAnswer(constraint);
        next = CompletableFuture.supplyAsync(() -> {
            for (int i = from; i < history.length; i++) {
                answer.take(history[i]);
            }
            return find();
        });
    }

    /// A token was drawn.
    public void append(int token) {
        next = next.thenApplyAsync(before -> {
            answer.take(token);
            return find();
        });
    }

    /// A state that takes more memory than a constraint may allows nothing, which ends its sequence and no other.
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
