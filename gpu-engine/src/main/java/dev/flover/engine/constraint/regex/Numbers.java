package dev.flover.engine.constraint.regex;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/// JSON numbers as languages.
///
/// Bounds and multiples are languages of numbers without an exponent, because a value can then be compared digit by
/// digit.
public final class Numbers {
    private static final Regex DIGITS = Regex.bytes(ByteSet.range('0', '9'));
    private static final Regex WHOLE = Regex.or(Regex.text("0"),
            Regex.concat(Regex.bytes(ByteSet.range('1', '9')), Regex.repeat(DIGITS, 0, -1)));
    private static final Regex MINUS = Regex.optional(Regex.text("-"));
    private static final Regex FRACTION = Regex.concat(Regex.text("."), Regex.repeat(DIGITS, 1, -1));
    private static final Regex EXPONENT = Regex.concat(Regex.bytes(ByteSet.of("eE")),
            Regex.optional(Regex.bytes(ByteSet.of("+-"))), Regex.repeat(DIGITS, 1, -1));
    private static final Regex SHORTEST_FRACTION = Regex.concat(Regex.text("."), Regex.repeat(DIGITS, 0, -1),
            Regex.bytes(ByteSet.range('1', '9')));

    public static final Regex ANY = Regex.concat(MINUS, WHOLE, Regex.optional(FRACTION), Regex.optional(EXPONENT));
    public static final Regex INTEGER = Regex.concat(MINUS, WHOLE);
    /// The numbers without an exponent.
    public static final Regex DECIMAL = Regex.concat(MINUS, WHOLE, Regex.optional(FRACTION));
    /// One spelling of each value: no exponent, no zeros at the end of a fraction, no minus before 0.
    public static final Regex CANONICAL = Regex.or(
            Regex.concat(Regex.text("0"), Regex.optional(SHORTEST_FRACTION)),
            Regex.concat(MINUS, Regex.bytes(ByteSet.range('1', '9')), Regex.repeat(DIGITS, 0, -1),
                    Regex.optional(SHORTEST_FRACTION)),
            Regex.concat(Regex.text("-0"), SHORTEST_FRACTION));

    private static final List<ByteSet> SETS = java.util.stream.Stream.concat(
            java.util.stream.Stream.of(ByteSet.of('-'), ByteSet.of('.')),
            java.util.stream.IntStream.rangeClosed('0', '9').mapToObj(ByteSet::of)).toList();
    /// The most digits of a bound.
    private static final int MAX_DIGITS = 400;
    /// The largest divisor, without its decimal point; the automaton has a state for each remainder.
    private static final long MAX_DIVISOR = 10_000;

    private Numbers() {}

    /// The spelling of a value in [#CANONICAL].
    public static String spell(BigDecimal value) {
        if (value.signum() == 0) {
            return "0";
        }
        return checked(value).stripTrailingZeros().toPlainString();
    }

    private static BigDecimal checked(BigDecimal value) {
        if (Math.abs((long) value.precision() - value.scale()) > MAX_DIGITS || value.scale() > MAX_DIGITS) {
            throw new TooComplexException("a number of more than " + MAX_DIGITS + " digits");
        }
        return value;
    }

    /// The decimals at least `bound`, or above it if `exclusive`.
    public static Regex atLeast(BigDecimal bound, boolean exclusive) {
        return bounded(bound, true, exclusive);
    }

    /// The decimals at most `bound`, or below it if `exclusive`.
    public static Regex atMost(BigDecimal bound, boolean exclusive) {
        return bounded(bound, false, exclusive);
    }

    private static Regex bounded(BigDecimal bound, boolean lower, boolean exclusive) {
        var digits = new Digits(checked(bound.abs()));
        boolean negative = bound.signum() < 0;
        var equal = !exclusive;
        // a number with the sign of the bound is compared by magnitude; for a lower bound below 0, smaller magnitudes
        // are inside
        var greaterInside = lower != negative;
        var same = Regex.leaf(new Magnitude(digits, greaterInside, equal, Phase.FIRST, 0, 0));
        boolean otherInside = lower == negative;
        var other = otherInside ? Regex.ANY : Regex.NOTHING;
        if (bound.signum() == 0) {
            // 0 can be spelled with or without a minus; only the spelling without is accepted
            var minusSide = lower ? Regex.NOTHING : Regex.leaf(new Magnitude(digits, true, false, Phase.FIRST, 0, 0));
            var plusSide = lower ? same : equal ? Regex.leaf(new Magnitude(digits, false, true, Phase.FIRST, 0, 0))
                    : Regex.NOTHING;
            return Regex.or(Regex.concat(Regex.text("-"), minusSide), unsigned(plusSide));
        }
        return negative
                ? Regex.or(Regex.concat(Regex.text("-"), same), unsigned(other))
                : Regex.or(Regex.concat(Regex.text("-"), other), unsigned(same));
    }

    private static Regex unsigned(Regex magnitude) {
        return magnitude.equals(Regex.ANY)
                ? Regex.or(Regex.EMPTY, Regex.concat(Regex.bytes(ByteSet.ALL.minus(ByteSet.of('-'))), Regex.ANY))
                : magnitude;
    }

    /// The decimals that are multiples of a positive number.
    public static Regex multiplesOf(BigDecimal divisor) {
        var stripped = checked(divisor).stripTrailingZeros();
        int places = Math.max(0, stripped.scale());
        BigInteger scaled = stripped.movePointRight(places).toBigIntegerExact();
        if (scaled.bitLength() > 40 || scaled.longValueExact() > MAX_DIVISOR) {
            throw new TooComplexException("multiples of a number with more than four significant digits");
        }
        return Regex.concat(MINUS, Regex.leaf(new Multiple(scaled.longValueExact(), places, 0, -1)));
    }

    /// The digits of a magnitude before and after the point, without leading or trailing zeros.
    private record Digits(String whole, String fraction) {
        Digits(BigDecimal magnitude) {
            this(magnitude.toBigInteger().signum() == 0 ? "" : magnitude.toBigInteger().toString(),
                    fractionOf(magnitude));
        }

        private static String fractionOf(BigDecimal magnitude) {
            String plain = magnitude.signum() == 0 ? "0" : magnitude.stripTrailingZeros().toPlainString();
            int point = plain.indexOf('.');
            return point < 0 ? "" : plain.substring(point + 1);
        }
    }

    private enum Phase {
        FIRST,
        WHOLE,
        FRACTION
    }

    /// The magnitudes on one side of a bound, read digit by digit. A number whose whole part has more digits is the
    /// greater one.
    ///
    /// @param greater whether the language holds the magnitudes above the bound, rather than those below it
    /// @param equal   whether the language holds the bound itself
    /// @param at      the number of digits read in the current part (whole or fraction)
    /// @param order   -1, 0 or 1: whether the digits read are less than, equal to or greater than those of the bound
    private record Magnitude(Digits bound, boolean greater, boolean equal, Phase phase, int at, int order)
            implements Leaf {
        @Override
        public Regex derive(int value) {
            if (value == '.') {
                return phase == Phase.WHOLE ? fraction(wholeOrder()) : Regex.NOTHING;
            }
            if (value < '0' || value > '9') {
                return Regex.NOTHING;
            }
            if (phase == Phase.FRACTION) {
                int digit = at < bound.fraction.length() ? bound.fraction.charAt(at) : '0';
                return value != digit ? decided(value - digit)
                        : Regex.leaf(new Magnitude(bound, greater, equal, phase,
                                Math.min(at + 1, bound.fraction.length()), 0));
            }
            if (phase == Phase.FIRST && value == '0') {
                return Regex.leaf(new Magnitude(bound, greater, equal, Phase.WHOLE, 0, 0));
            }
            if (at >= bound.whole.length()) {
                return decided(1);
            }
            int now = order != 0 ? order : Integer.signum(value - bound.whole.charAt(at));
            return Regex.leaf(new Magnitude(bound, greater, equal, Phase.WHOLE, at + 1, now));
        }

        private int wholeOrder() {
            return at < bound.whole.length() ? -1 : order;
        }

        private Regex fraction(int whole) {
            return whole != 0 ? decided(whole)
                    : Regex.leaf(new Magnitude(bound, greater, equal, Phase.FRACTION, 0, 0));
        }

        private Regex decided(int how) {
            return how > 0 == greater ? Regex.ANY : Regex.NOTHING;
        }

        @Override
        public boolean nullable() {
            if (phase == Phase.FIRST) {
                return false;
            }
            int fraction = (phase == Phase.FRACTION ? at : 0) < bound.fraction.length() ? -1 : 0;
            int how = phase == Phase.WHOLE && wholeOrder() != 0 ? wholeOrder() : fraction;
            return how == 0 ? equal : how > 0 == greater;
        }

        @Override
        public List<ByteSet> sets() {
            return SETS;
        }
    }

    /// The digits of the multiples of a divisor.
    ///
    /// @param divisor   the divisor times 10 to the power of `places`, which is a whole number
    /// @param remainder the remainder of the digits read so far
    /// @param fraction  the number of digits read after the point; -1 before the point
    private record Multiple(long divisor, int places, long remainder, int fraction) implements Leaf {
        @Override
        public Regex derive(int value) {
            if (value == '.') {
                return fraction < 0 ? Regex.leaf(new Multiple(divisor, places, remainder, 0)) : Regex.NOTHING;
            }
            if (value < '0' || value > '9') {
                return Regex.NOTHING;
            }
            if (fraction >= places) {
                return value == '0' ? Regex.leaf(this) : Regex.NOTHING;
            }
            long next = (remainder * 10 + value - '0') % divisor;
            return Regex.leaf(new Multiple(divisor, places, next, fraction < 0 ? fraction : fraction + 1));
        }

        @Override
        public boolean nullable() {
            long scaled = remainder;
            for (int i = Math.max(0, fraction); i < places; i++) {
                scaled = scaled * 10 % divisor;
            }
            return scaled == 0;
        }

        @Override
        public List<ByteSet> sets() {
            return SETS;
        }
    }
}
