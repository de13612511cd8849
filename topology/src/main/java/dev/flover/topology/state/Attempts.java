package dev.flover.topology.state;

import dev.flover.schemas.StoredAttempts;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The processes that began to compute a generation and made no progress with it. The count tells generations that end
/// their process from others.
///
/// Only a process that began the generation and was never heard of again counts. A process that begins the generation a
/// second time did not die of it the first time, and a process that ended in good order did not either:
///
/// ```
///   process   A   A   B   A   C(killed)   B
///   counted   A   A   AB  AB  ABC         BC + A, until A comes back
/// ```
///
/// @param counts the number of processes that are not known to have survived, in the form that neighbouring releases
///               read, too
/// @param tries  one for each process that is known by name; there may be fewer than `counts` says, because an older
///               release stored counts only
public record Attempts(StoredAttempts counts, List<Try> tries) {
    static final Attempts NONE = new Attempts(new StoredAttempts(0, 0), List.of());
    private static final int TRY_BYTES = 1 + 2 * Long.BYTES;

    /// One process's attempt.
    ///
    /// @param process the process's name
    /// @param alone   whether the generation was computed in steps without other sequences
    public record Try(UUID process, boolean alone) {}

    public Attempts {
        tries = List.copyOf(tries);
    }

    public int together() {
        return counts.getTogether();
    }

    public int alone() {
        return counts.getAlone();
    }

    /// The attempts without those of some processes, which are known to have survived.
    public Attempts without(Collection<UUID> survivors) {
        var left = new ArrayList<Try>();
        int together = together();
        int alone = alone();
        for (var each : tries) {
            if (!survivors.contains(each.process())) {
                left.add(each);
            } else if (each.alone()) {
                alone--;
            } else {
                together--;
            }
        }
        return new Attempts(new StoredAttempts(Math.max(0, together), Math.max(0, alone)), left);
    }

    /// The attempts with one more, by a process that is not among them.
    public Attempts with(Try next) {
        var more = new ArrayList<>(tries);
        more.add(next);
        return new Attempts(next.alone()
                ? new StoredAttempts(together(), alone() + 1)
                : new StoredAttempts(together() + 1, alone()), more);
    }

    /// The stored form of `tries`: for each a byte that says whether the generation was alone, and the 16 bytes of the
    /// process's name.
    byte[] encodedTries() {
        var bytes = ByteBuffer.allocate(tries.size() * TRY_BYTES);
        for (var each : tries) {
            bytes.put((byte) (each.alone() ? 1 : 0)).putLong(each.process().getMostSignificantBits())
                    .putLong(each.process().getLeastSignificantBits());
        }
        return bytes.array();
    }

    /// Restores attempts from their stored form.
    ///
    /// @param encoded null where only an older release has counted
    static Attempts of(StoredAttempts counts, byte @Nullable [] encoded) {
        var tries = new ArrayList<Try>();
        if (encoded != null) {
            for (var bytes = ByteBuffer.wrap(encoded); bytes.remaining() >= TRY_BYTES;) {
                boolean alone = bytes.get() == 1;
                tries.add(new Try(new UUID(bytes.getLong(), bytes.getLong()), alone));
            }
        }
        return new Attempts(counts, tries);
    }
}
