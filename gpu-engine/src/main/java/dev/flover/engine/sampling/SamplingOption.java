package dev.flover.engine.sampling;

import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The numbers by which a request says how its tokens are drawn, each with its range.
///
/// An option's [#field] is its name in records and in JSON: `TOP_K` is `top_k`, and `topK` in [SamplingParams].
/// All code that checks, copies or reads options goes through this table, so it handles an added option unchanged.
public enum SamplingOption {
    TEMPERATURE(Range.from(0, 10), SamplingParams::temperature,
            (params, value) -> params.temperature(value.floatValue())),
    TOP_K(Range.from(0, Integer.MAX_VALUE), SamplingParams::topK, (params, value) -> params.topK(value.intValue())),
    TOP_P(Range.above(0, 1), SamplingParams::topP, (params, value) -> params.topP(value.floatValue())),
    MIN_P(Range.from(0, 1), SamplingParams::minP, (params, value) -> params.minP(value.floatValue())),
    TOP_N_SIGMA(Range.from(0, 100), SamplingParams::topNSigma,
            (params, value) -> params.topNSigma(value.floatValue())),
    TYPICAL_P(Range.above(0, 1), SamplingParams::typicalP, (params, value) -> params.typicalP(value.floatValue())),
    REPETITION_PENALTY(Range.above(0, 10), SamplingParams::repetitionPenalty,
            (params, value) -> params.repetitionPenalty(value.floatValue())),
    PRESENCE_PENALTY(Range.from(-2, 2), SamplingParams::presencePenalty,
            (params, value) -> params.presencePenalty(value.floatValue())),
    FREQUENCY_PENALTY(Range.from(-2, 2), SamplingParams::frequencyPenalty,
            (params, value) -> params.frequencyPenalty(value.floatValue()));

    private static final Pattern WORD = Pattern.compile("_(.)");

    private final Range range;
    private final Function<SamplingParams, Number> getter;
    private final BiConsumer<SamplingParamsBuilder, Number> setter;

    SamplingOption(
            Range range, Function<SamplingParams, Number> getter, BiConsumer<SamplingParamsBuilder, Number> setter) {
        this.range = range;
        this.getter = getter;
        this.setter = setter;
    }

    /// As in `top_k`.
    public String field() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Whether values are integers.
    public boolean isWhole() {
        return getter.apply(SamplingParams.greedy()) instanceof Integer;
    }

    public Number of(SamplingParams params) {
        return getter.apply(params);
    }

    public void set(SamplingParamsBuilder params, Number value) {
        setter.accept(params, value);
    }

    public boolean allows(Number value) {
        return range.contains(value.doubleValue());
    }

    /// As in `(0, 1]`.
    public String range() {
        return range.toString();
    }

    /// @throws IllegalArgumentException if the value of its component is out of range
    void require(Number value) {
        if (!allows(value)) {
            String component = WORD.matcher(field()).replaceAll(word -> word.group(1).toUpperCase(Locale.ROOT));
            throw new IllegalArgumentException(component + " must be in " + range + ", was " + value);
        }
    }

    /// @param open whether `least` itself lies outside
    private record Range(double least, boolean open, double most) {
        static Range from(double least, double most) {
            return new Range(least, false, most);
        }

        static Range above(double least, double most) {
            return new Range(least, true, most);
        }

        /// Written positively, so that NaN lies outside.
        boolean contains(double value) {
            return (open ? value > least : value >= least) && value <= most;
        }

        @Override
        public String toString() {
            return (open ? "(" : "[") + (long) least + ", " + (long) most + "]";
        }
    }
}
