package dev.flover.benchmarks.constraints;

import dev.flover.engine.constraint.ConstrainedAnswer;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.tokenizer.Tokenizer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Random;
import java.util.function.Consumer;

/// Runs schemas one after the other, and counts the results.
final class ConstraintRun {
    private static final long TIMEOUT_NANOS = 10_000_000_000L;
    private static final int LOGIT_PASSES = 2_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Tokenizer tokenizer;
    private final boolean spaced;
    private final Consumer<String> failures;
    private final ConstraintCompiler compiler;
    private final Times maskTimes = new Times();
    private final Times compileTimes = new Times();
    private int schemas;
    private int passing;
    private int compileErrors;
    private int validRefused;
    private int invalidAccepted;
    private int crashes;
    private int timeouts;
    private int maskCount;

    ConstraintRun(Tokenizer tokenizer, boolean spaced, Consumer<String> failures) {
        this.tokenizer = tokenizer;
        this.spaced = spaced;
        this.failures = failures;
        this.compiler = new ConstraintCompiler(tokenizer);
    }

    /// Returns this thread's CPU time in ns, which other programs on the machine do not affect.
    private static long nanos() {
        return THREADS.getCurrentThreadCpuTime();
    }

    void run(SchemaCase one) {
        schemas++;
        long start = nanos();
        try {
            var constraint = compiler.compile(new ConstraintSource.JsonSchema(one.schema(), spaced));
            compileTimes.add(nanos() - start);
            boolean passes = true;
            for (var instance : one.instances()) {
                passes &= judge(one, constraint, instance);
            }
            if (nanos() - start > TIMEOUT_NANOS) {
                timeouts++;
                failures.accept(one.name() + ": timeout");
            } else if (passes) {
                passing++;
            }
        } catch (ConstraintException e) {
            compileErrors++;
            failures.accept(one.name() + ": refused: " + e.getMessage());
        } catch (RuntimeException | StackOverflowError e) {
            crashes++;
            failures.accept(one.name() + ": crash: " + e);
        }
    }

    private boolean judge(SchemaCase one, Constraint constraint, SchemaCase.Instance instance) {
        int stopped = stoppedAt(constraint, tokenizer.encode(instance.text(), false));
        boolean accepted = stopped < 0;
        if (accepted == instance.valid()) {
            return true;
        }
        if (accepted) {
            invalidAccepted++;
        } else {
            validRefused++;
        }
        failures.accept(one.name() + (accepted ? ": accepts " : ": refuses ") + instance.text()
                + (accepted ? "" : " at token " + stopped));
        return false;
    }

    /// Returns the index of the first token that the constraint does not allow; their number if only the
    /// end is not allowed; -1 if everything is.
    private int stoppedAt(Constraint constraint, int[] tokens) {
        var answer = new ConstrainedAnswer(constraint);
        for (int i = 0; i <= tokens.length; i++) {
            long start = nanos();
            long[] mask = answer.mask();
            maskTimes.add(nanos() - start);
            maskCount++;
            if (i == tokens.length) {
                return answer.mayEnd() ? -1 : i;
            }
            boolean allowed = (mask[tokens[i] >> 6] >> tokens[i] & 1) != 0;
            if (allowed != answer.take(tokens[i])) {
                throw new IllegalStateException("mask and machine disagree on token " + tokens[i] + " at " + i);
            }
            if (!allowed) {
                return i;
            }
        }
        throw new AssertionError();
    }

    ConstraintReport report() {
        double pass = logitsPassUs();
        var figures = maskTimes.figures();
        return ConstraintReportBuilder.builder().schemas(schemas).passing(passing).compileErrors(compileErrors)
                .validRefused(validRefused).invalidAccepted(invalidAccepted).crashes(crashes).timeouts(timeouts)
                .maskUs(figures).compileUs(compileTimes.figures()).logitsPassUs(pass)
                .maskMeanInPasses(figures.mean() / pass).masks(maskCount).build();
    }

    private double logitsPassUs() {
        float[] logits = new float[tokenizer.vocabulary()];
        var random = new Random(1);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = random.nextFloat();
        }
        long start = 0;
        float sink = 0;
        for (int pass = 0; pass < 2 * LOGIT_PASSES; pass++) {
            start = pass == LOGIT_PASSES ? nanos() : start;
            float greatest = Float.NEGATIVE_INFINITY;
            for (float logit : logits) {
                greatest = Math.max(greatest, logit);
            }
            sink += greatest;
        }
        return sink < 0 ? 0 : (nanos() - start) / 1e3 / LOGIT_PASSES;
    }
}
