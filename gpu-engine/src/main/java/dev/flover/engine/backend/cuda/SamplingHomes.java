package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan.Admission;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The sampling state of each sequence, on the device, by home: `struct SamplingState` of sampling.cuh, the newest
/// token, the lists of the sampling rules, and how often each token occurs.
final class SamplingHomes {
    static final int STATE_BYTES = 88;
    private static final int USUAL_BIASES = 512;

    private final Driver driver;
    private final int vocabulary;
    private final int usualRuleWords;
    private final long states;
    private final long newest;
    private final long counts;
    private final long rules;
    private final long[] longRules;

    SamplingHomes(Driver driver, CacheShape shape) {
        this.driver = driver;
        vocabulary = shape.vocabulary();
        usualRuleWords = 2 * USUAL_BIASES + Math.ceilDiv(vocabulary, 32);
        states = driver.allocate((long) STATE_BYTES * shape.slots(), "sampling state");
        newest = driver.allocate(4L * shape.slots(), "newest tokens");
        counts = driver.allocate(4L * shape.slots() * vocabulary, "token counts");
        rules = driver.allocate(4L * shape.slots() * usualRuleWords, "sampling rules");
        longRules = new long[shape.slots()];
    }

    /// Bytes of all homes of a cache of this shape.
    static long bytes(CacheShape shape) {
        long rules = 2L * USUAL_BIASES + Math.ceilDiv(shape.vocabulary(), 32);
        return shape.slots() * (STATE_BYTES + 4 * (1 + shape.vocabulary() + rules));
    }

    long states() {
        return states;
    }

    long newest() {
        return newest;
    }

    long counts() {
        return counts;
    }

    /// The most bytes that [#stage] writes for an admission whose ending tokens and biases take at most 2 *
    /// [#USUAL_BIASES] words; a bias takes two words.
    static long usualBytes(CacheShape shape) {
        return STATE_BYTES + 4L * (2 * USUAL_BIASES + Math.ceilDiv(shape.vocabulary(), 32) + shape.contextLength());
    }

    static long bytes(Admission admission, int vocabulary) {
        return STATE_BYTES + 4L * (ruleWords(admission, vocabulary) + historyWords(admission));
    }

    private static int ruleWords(Admission admission, int vocabulary) {
        return admission.ending().length + 2 * admission.sampling().logitBias().tokens().length
                + allowedWords(admission, vocabulary);
    }

    private static int allowedWords(Admission admission, int vocabulary) {
        return admission.sampling().allowedOnly().isEmpty() ? 0 : Math.ceilDiv(vocabulary, 32);
    }

    /// The length of the history that is staged: 0 unless the sampling has penalties, which alone need it.
    private static int historyWords(Admission admission) {
        return admission.sampling().penalises() ? admission.history().length : 0;
    }

    /// Writes the input of the kernel `admit`: the state, the rules, the history.
    void stage(Admission admission, int home, MemorySegment to) {
        int ruleWords = ruleWords(admission, vocabulary);
        writeState(admission, rulesOf(home, ruleWords), to);
        long at = STATE_BYTES;
        at = writeInts(admission.ending(), to, at);
        var bias = admission.sampling().logitBias();
        at = writeInts(bias.tokens(), to, at);
        MemorySegment.copy(bias.values(), 0, to, ValueLayout.JAVA_FLOAT, at, bias.values().length);
        at += 4L * bias.values().length;
        long bits = at;
        for (int i = 0; i < allowedWords(admission, vocabulary); i++, at += 4) {
            to.set(ValueLayout.JAVA_INT, at, 0);
        }
        for (int token : admission.sampling().allowedOnly().tokens()) {
            long word = bits + token / 32 * 4L;
            to.set(ValueLayout.JAVA_INT, word, to.get(ValueLayout.JAVA_INT, word) | 1 << token % 32);
        }
        if (historyWords(admission) > 0) {
            writeInts(admission.history(), to, at);
        }
    }

    /// Writes the argument of `admit` for an admission that has been staged and copied to the device.
    Arguments arguments(Arguments arguments, Admission admission, int home, long staged) {
        int ruleWords = ruleWords(admission, vocabulary);
        boolean counted = historyWords(admission) > 0;
        arguments.begin()
                .pointer(states + (long) home * STATE_BYTES)
                .pointer(newest + 4L * home)
                .pointer(counted ? counts + 4L * home * vocabulary : 0)
                .pointer(rulesOf(home, ruleWords))
                .pointer(staged)
                .pointer(staged + STATE_BYTES)
                .pointer(staged + STATE_BYTES + 4L * ruleWords);
        return arguments
                .integer(ruleWords)
                .integer(historyWords(admission))
                .integer(admission.promptLength())
                .integer(admission.history()[admission.history().length - 1])
                .integer(vocabulary);
    }

    /// The address of the home's rules: the home's own place, or, for an unusually long list, memory that is allocated
    /// once for the home.
    private long rulesOf(int home, int ruleWords) {
        if (ruleWords <= usualRuleWords) {
            return rules + 4L * home * usualRuleWords;
        }
        if (longRules[home] == 0) {
            longRules[home] = driver.allocate(4L * (4L * vocabulary), "a long list of sampling rules");
        }
        return longRules[home];
    }

    private static void writeState(Admission admission, long rules, MemorySegment to) {
        var sampling = admission.sampling();
        to.set(ValueLayout.JAVA_FLOAT, 0, sampling.repetitionPenalty());
        to.set(ValueLayout.JAVA_FLOAT, 4, sampling.presencePenalty());
        to.set(ValueLayout.JAVA_FLOAT, 8, sampling.frequencyPenalty());
        to.set(ValueLayout.JAVA_FLOAT, 12, sampling.temperature());
        to.set(ValueLayout.JAVA_INT, 16, sampling.topK());
        to.set(ValueLayout.JAVA_FLOAT, 20, sampling.topP());
        to.set(ValueLayout.JAVA_FLOAT, 24, sampling.minP());
        to.set(ValueLayout.JAVA_FLOAT, 28, sampling.typicalP());
        to.set(ValueLayout.JAVA_LONG, 32, sampling.seed());
        to.set(ValueLayout.JAVA_INT, 40, admission.answerIndex());
        to.set(ValueLayout.JAVA_INT, 44, sampling.topLogprobs());
        // for a sequence with a constraint, the host decides when the answer may end; see ConstraintMasks
        to.set(ValueLayout.JAVA_INT, 48, admission.constraint() == null ? sampling.minTokens() : 0);
        to.set(ValueLayout.JAVA_INT, 52, admission.ending().length);
        to.set(ValueLayout.JAVA_INT, 56, sampling.logitBias().tokens().length);
        to.set(ValueLayout.JAVA_INT, 60, sampling.allowedOnly().isEmpty() ? 0 : 1);
        to.set(ValueLayout.JAVA_INT, 64, sampling.penalises() ? 1 : 0);
        to.set(ValueLayout.JAVA_INT, 68, admission.history().length - admission.promptLength());
        to.set(ValueLayout.JAVA_LONG, 72, rules);
        to.set(ValueLayout.JAVA_FLOAT, 80, sampling.topNSigma());
        to.set(ValueLayout.JAVA_INT, 84, 0);
    }

    private static long writeInts(int[] values, MemorySegment to, long at) {
        MemorySegment.copy(values, 0, to, ValueLayout.JAVA_INT, at, values.length);
        return at + 4L * values.length;
    }
}
