package dev.flover.topology.state;

import dev.flover.schemas.StoredAttempts;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/// How often a generation was taken up again without progress, and by which processes.
///
/// What counts against it is a process that took it up and was never heard of again. A process that takes it up a
/// second time did not die of it the first time, and one that ended in good order did not either:
///
/// ```
///   process   A   A   B   A   C(killed)   B
///   counted   A   A   AB  AB  ABC         BC + A, until A comes back
/// ```
///
/// @param counts of processes that are not known to have lived on, as neighbouring releases read them, too
/// @param tries  one for each process known by name, at most; the counts may hold more, from an older release
public record Attempts(StoredAttempts counts, List<Try> tries) {
    static final Attempts NONE = new Attempts(new StoredAttempts(0, 0), List.of());
    private static final int TRY_BYTES = 1 + 2 * Long.BYTES;

    /// @param alone computed in steps without other sequences
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

    /// Without what these processes tried: they are known to have lived on.
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

    /// One more, by a process that is not among them.
    public Attempts with(Try next) {
        var more = new ArrayList<>(tries);
        more.add(next);
        return new Attempts(next.alone()
                ? new StoredAttempts(together(), alone() + 1)
                : new StoredAttempts(together() + 1, alone()), more);
    }

    /// The processes: a byte that says whether it was alone, and the name's 16 bytes, for each.
    byte[] encodedTries() {
        var bytes = ByteBuffer.allocate(tries.size() * TRY_BYTES);
        for (var each : tries) {
            bytes.put((byte) (each.alone() ? 1 : 0)).putLong(each.process().getMostSignificantBits())
                    .putLong(each.process().getLeastSignificantBits());
        }
        return bytes.array();
    }

    /// @param encoded null where only an older release has counted
    static Attempts of(StoredAttempts counts, byte[] encoded) {
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
