package dev.flover.schemas.serdes;

import dev.flover.schemas.TokenChunk;
import org.apache.avro.util.ClassSecurityValidator;

/// Avro makes an object of a class named in a schema only where that class is trusted; the schema comes from outside.
///
/// Trusts the generated records, and nothing more than was trusted before.
public final class TrustedRecords {
    private static final String PACKAGE = TokenChunk.class.getPackageName();

    static {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(), TrustedRecords::isGenerated));
    }

    private TrustedRecords() {}

    /// For who builds records without a serde; the serdes call it themselves. Idempotent and thread-safe.
    public static void trust() {}

    private static boolean isGenerated(Class<?> type) {
        return type.getPackageName().equals(PACKAGE);
    }
}
