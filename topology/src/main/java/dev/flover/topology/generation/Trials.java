package dev.flover.topology.generation;

import dev.flover.topology.state.Attempts;
import dev.flover.topology.state.PartitionState;
import dev.flover.topology.waiting.Ticket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// Finds the generation that ends the process each time it is computed (a poison pill), by attempts that are committed
/// before the generation is computed.
///
/// ```
///   attempt is stored ─► committed ─► computed ─► progress is committed: it was not this one
///                                         └─────► the process dies: the attempt counts, see [Attempts]
/// ```
///
/// A suspect is computed alone in the process until its progress is committed. Its attempt is stored only when the
/// other engines of the process have ended their steps: if one of those ended the process, the attempt would count for
/// the suspect.
final class Trials {
    private final ProcessParts parts;
    private final PartitionState state;
    private final Queue<Attempt> attempts = new ArrayDeque<>();
    private @Nullable LiveGeneration suspect;
    /// The suspect as long as it waits for the end of the other engines' steps.
    private @Nullable LiveGeneration held;

    /// A generation that starts once its attempt is committed.
    ///
    /// @param writtenAt the number of commits when the attempt was written
    private record Attempt(LiveGeneration generation, long writtenAt) {}

    Trials(ProcessParts parts, PartitionState state) {
        this.parts = parts;
        this.state = state;
    }

    /// Stores an attempt where the generation may have ended an earlier process.
    ///
    /// @return whether the generation may start at once; if not, [#due] returns it once the attempt is committed
    boolean mayStart(LiveGeneration generation, long now) {
        var ticket = generation.ticket;
        generation.alone = ticket.standing == Ticket.Standing.SUSPECT;
        if (generation.alone) {
            suspect = generation;
        }
        if (!ticket.restored && !parts.caution().holds(now)) {
            return true;
        }
        if (generation.alone) {
            held = generation;
            storeHeld();
        } else {
            store(generation);
        }
        return false;
    }

    private void storeHeld() {
        if (held != null && parts.engine().isAlone()) {
            store(held);
            held = null;
        }
    }

    private void store(LiveGeneration generation) {
        var before = state.attempts(generation.id).without(parts.life().survivors());
        state.putAttempts(generation.id, before.with(new Attempts.Try(parts.life().process(), generation.alone)));
        generation.onTrial = true;
        attempts.add(new Attempt(generation, parts.commits().count()));
        parts.commits().atOnce();
    }

    /// Takes the generations whose attempt has been committed. Some of them may have ended meanwhile.
    List<LiveGeneration> due() {
        storeHeld();
        if (attempts.isEmpty()) {
            return List.of();
        }
        var due = new ArrayList<LiveGeneration>();
        while (!attempts.isEmpty() && attempts.peek().writtenAt() < parts.commits().count()) {
            due.add(attempts.remove().generation());
        }
        return due;
    }

    /// Clears the attempts of a generation that has made progress: once that is committed, it shows that the generation
    /// did not end the previous process. It is committed soon, because an unrelated kill before that would count
    /// against the generation.
    void progressed(LiveGeneration generation) {
        if (generation.onTrial) {
            generation.onTrial = false;
            state.clearAttempts(generation.id);
            generation.progressAt = parts.commits().count();
            parts.commits().atOnce();
        }
    }

    /// Takes the suspect if its progress is committed: it did not end the process, and need not be computed alone any
    /// more.
    Optional<LiveGeneration> takeCleared() {
        if (suspect == null || suspect.progressAt < 0 || suspect.progressAt >= parts.commits().count()) {
            return Optional.empty();
        }
        var cleared = suspect;
        suspect = null;
        cleared.alone = false;
        parts.room().cleared(cleared.ticket);
        return Optional.of(cleared);
    }

    /// Takes back this process's attempts, because it ends in good order.
    void takeBack(Collection<LiveGeneration> live) {
        for (var generation : live) {
            if (generation.onTrial) {
                generation.onTrial = false;
                state.putAttempts(generation.id, state.attempts(generation.id).without(parts.life().survivors()));
            }
        }
    }

    void ended(LiveGeneration generation) {
        if (suspect == generation) {
            suspect = null;
            held = null;
        }
    }
}
