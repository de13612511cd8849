package dev.flover.schemas.serdes;

import dev.flover.schemas.TokenChunk;
import org.apache.avro.util.ClassSecurityValidator;

/// Tells Avro to trust the generated record classes, in addition to those trusted before.
///
/// A schema comes from outside and may name any class; Avro instantiates only classes that are trusted.
public final class TrustedRecords {
    private static final String PACKAGE = TokenChunk.class.getPackageName();

    static {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(), TrustedRecords::isGenerated));
    }

    private TrustedRecords() {}

    /// Makes Avro trust the generated records. Code that builds records without a serde calls this; the serdes call it
    /// themselves. Idempotent and thread-safe.
    public static void trust() {}

    private static boolean isGenerated(Class<?> type) {
        return type.getPackageName().equals(PACKAGE);
    }
}
