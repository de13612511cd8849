package dev.flover.engine.constraint.regex;

import java.util.List;

/// A language with a closed form for what is left of it after a byte. A record: equal leaves are equal languages.
interface Leaf {
    Regex derive(int value);

    boolean nullable();

    /// Bytes of the same sets lead to the same derivative, in every leaf that this one leads to.
    List<ByteSet> sets();
}
