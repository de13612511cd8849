package dev.flover.topology.notes;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/// The latest beginnings and ends of computed answers, for readers on other threads: which request each sequence of the
/// engine belongs to. Without texts.
///
/// A stream thread overwrites the oldest note and does not wait for readers. A reader that is too slow misses notes.
public final class GenerationNotes {
    private static final int KEPT = 4096;

    private final AtomicReferenceArray<Note> notes = new AtomicReferenceArray<>(KEPT);
    private volatile long written;

    /// A beginning or an end.
    public sealed interface Note {
        /// The engine was given an answer.
        ///
        /// @param engine   the number of the engine in its process, from 0 on
        /// @param sequence its number in that engine, the same as in [dev.flover.engine.api.StepTrace]
        /// @param answer   its index among the answers of its request
        /// @param begun    the number of its tokens that existed before
        record Begun(int engine, long sequence, int answer, int begun, Origin origin) implements Note {}

        /// A generation has got its terminal record.
        ///
        /// @param reason       the finish reason in lower case, such as `length`
        /// @param tokens       the number of tokens of all its answers
        /// @param firstTokenAt the time of writing its first token in this process, in ms since 1970; 0 if there was
        ///                     none
        /// @param at           the time in ms since 1970
        /// @param traceparent  the header of its record, by W3C Trace Context; null if it has none
        record Ended(Origin origin, String reason, int tokens, long firstTokenAt, long at, String traceparent)
                implements Note {}
    }

    /// The request of a generation.
    ///
    /// @param offset       the offset of its record on the requests topic
    /// @param promptTokens the length of the prompt
    /// @param maxTokens    the most tokens of one answer
    /// @param readAt       the time of reading its record, in ms since 1970
    public record Origin(
            String id, String tenant, int partition, long offset, int promptTokens, int maxTokens, long readAt) {}

    /// Adds a note. Called by the stream threads.
    public synchronized void add(Note note) {
        long at = written;
        notes.set((int) (at % KEPT), note);
        written = at + 1;
    }

    /// Passes the notes from a position on to a reader, in order. Any thread may call this.
    ///
    /// @param from 0 for all that are kept, or a position that an earlier call returned
    /// @return the position after the last note
    public long read(long from, Consumer<Note> reader) {
        long end = written;
        for (long at = Math.max(from, end - KEPT); at < end; at++) {
            reader.accept(notes.get((int) (at % KEPT)));
        }
        return end;
    }
}
