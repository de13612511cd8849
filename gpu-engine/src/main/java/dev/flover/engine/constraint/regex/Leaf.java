package dev.flover.engine.constraint.regex;

import java.util.List;

/// A language whose derivatives have a closed form, such as the numbers above a bound. Implementations are records, so
/// that equal leaves are equal languages.
interface Leaf {
    Regex derive(int value);

    boolean nullable();

    /// A partition of the bytes for this leaf: bytes in the same sets have the same derivative, both of this leaf and
    /// of every leaf that it leads to.
    List<ByteSet> sets();
}
