package dev.flover.engine.format;

import java.util.List;

/// One metadata value of a GGUF file. All widths of integers become `long`, both of floats `double`.
public sealed interface GgufValue {
    /// What the value is, for messages.
    String kind();

    /// Unsigned 64-bit numbers above `Long.MAX_VALUE` are refused when read.
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

    /// The array is the file's own: callers must not change it.
    record Wholes(long[] values) implements GgufValue {
        @Override
        public String kind() {
            return "an array of integers";
        }
    }

    /// The array is the file's own: callers must not change it.
    record Reals(float[] values) implements GgufValue {
        @Override
        public String kind() {
            return "an array of floats";
        }
    }

    /// The array is the file's own: callers must not change it.
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
