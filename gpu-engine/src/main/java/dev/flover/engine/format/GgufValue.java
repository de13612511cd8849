package dev.flover.engine.format;

import java.util.List;

/// A metadata value of a GGUF file. Integers of all widths are read as `long`, floats of both widths as `double`.
public sealed interface GgufValue {
    /// The type of the value in words, for error messages.
    String kind();

    /// An integer of any width. An unsigned 64-bit number above `Long.MAX_VALUE` is refused when the file is read.
    record Whole(long value) implements GgufValue {
        @Override
        public String kind() {
            return "an integer";
        }
    }

    record Real(double value) implements GgufValue {
        @Override
        public String kind() {
            return "a float";
        }
    }

    record Flag(boolean value) implements GgufValue {
        @Override
        public String kind() {
            return "a bool";
        }
    }

    record Text(String value) implements GgufValue {
        @Override
        public String kind() {
            return "a string";
        }
    }

    /// The array is not copied; callers must not change it.
    record Wholes(long[] values) implements GgufValue {
        @Override
        public String kind() {
            return "an array of integers";
        }
    }

    /// The array is not copied; callers must not change it.
    record Reals(float[] values) implements GgufValue {
        @Override
        public String kind() {
            return "an array of floats";
        }
    }

    /// The array is not copied; callers must not change it.
    record Flags(boolean[] values) implements GgufValue {
        @Override
        public String kind() {
            return "an array of bools";
        }
    }

    record Texts(List<String> values) implements GgufValue {
        public Texts {
            values = List.copyOf(values);
        }

        @Override
        public String kind() {
            return "an array of strings";
        }
    }
}
