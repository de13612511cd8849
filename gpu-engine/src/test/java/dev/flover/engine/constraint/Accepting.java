package dev.flover.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;

/// Decides whether a constraint allows a text, both byte by byte and by longer tokens, and checks that masks and steps
/// agree.
final class Accepting {
    private static final Tokenizer TOKENS = new TextTokens();

    private final ConstraintCompiler compiler = new ConstraintCompiler(TOKENS);
    private Constraint constraint;

    static Accepting schema(String schema) {
        return new Accepting().of(new ConstraintSource.JsonSchema(schema, false));
    }

    static Accepting spaced(String schema) {
        return new Accepting().of(new ConstraintSource.JsonSchema(schema, true));
    }

    static Accepting grammar(String grammar) {
        return new Accepting().of(new ConstraintSource.Grammar(grammar));
    }

    static Accepting composed(ConstraintSource source) {
        return new Accepting().of(source);
    }

    Accepting of(ConstraintSource source) {
        constraint = compiler.compile(source);
        return this;
    }

    boolean accepts(String text) {
        boolean whole = takes(TOKENS.encode(text, false));
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] single = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            single[i] = bytes[i] & 0xFF;
        }
        assertThat(takes(single)).as("byte by byte: %s", text).isEqualTo(whole);
        return whole;
    }

    private static boolean isIn(long[] mask, int token) {
        return (mask[token >> 6] >> token & 1) != 0;
    }

    /// Whether the constraint allows these tokens; checks that masks and steps agree.
    boolean takes(int... tokens) {
        var answer = new ConstrainedAnswer(constraint);
        for (int token : tokens) {
            assertThat(isIn(answer.mask(), TextTokens.END)).as("the end is in no mask").isFalse();
            boolean masked = !isIn(answer.mask(), token);
            assertThat(answer.take(token)).as("the mask's word on token %d", token).isEqualTo(!masked);
            if (masked) {
                return false;
            }
        }
        return answer.mayEnd();
    }
}
