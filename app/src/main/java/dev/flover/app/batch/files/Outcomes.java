package dev.flover.app.batch.files;

import dev.flover.http.jobs.Outcome;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.function.Consumer;

/// Decides which outcome is written when: each line's once, at once or in the order of the input.
///
/// In the order of the input, an outcome is held back until the lines before it have one. Its record is read again
/// when the job goes on, because [#offsets] stays before it.
public final class Outcomes {
    private final boolean inOrder;
    private final BitSet done;
    private final Consumer<Outcome> writer;
    /// With the order of the input: the lines that were read from the input and have no written outcome.
    private final Queue<Long> open = new ArrayDeque<>();
    private final Map<Long, Outcome> held = new HashMap<>();

    /// @param done   the lines whose outcome has been written; changed by this object
    /// @param writer writes an outcome
    public Outcomes(boolean inOrder, BitSet done, Consumer<Outcome> writer) {
        this.inOrder = inOrder;
        this.done = done;
        this.writer = writer;
    }

    public boolean isDone(long line) {
        return done.get(Math.toIntExact(line));
    }

    /// Whether a line has an outcome, written or held back.
    public boolean isKnown(long line) {
        return isDone(line) || held.containsKey(line);
    }

    /// Notes that a line was read from the input. Lines are read in their order.
    public void read(long line) {
        if (inOrder && !isDone(line)) {
            open.add(line);
            writeReady();
        }
    }

    /// Takes the outcome of a line, unless the line has one.
    ///
    /// @return whether it was the line's first outcome
    public boolean add(Outcome outcome) {
        if (isKnown(outcome.line())) {
            return false;
        }
        if (inOrder) {
            held.put(outcome.line(), outcome);
            writeReady();
        } else {
            write(outcome);
        }
        return true;
    }

    private void writeReady() {
        while (!open.isEmpty() && held.containsKey(open.peek())) {
            write(Objects.requireNonNull(held.remove(open.remove())));
        }
    }

    private void write(Outcome outcome) {
        done.set(Math.toIntExact(outcome.line()));
        writer.accept(outcome);
    }

    /// Returns the number of lines that wait for their own outcome or for that of a line before them.
    public int waiting() {
        return open.size();
    }

    /// Returns the offsets at which reading goes on, so that outcomes that are held back are read again.
    ///
    /// @param read the offsets behind the records that have been read
    public Map<Integer, Long> offsets(Map<Integer, Long> read) {
        var offsets = new HashMap<>(read);
        held.values().forEach(outcome -> {
            if (outcome.offset() >= 0) {
                offsets.merge(outcome.partition(), outcome.offset(), Math::min);
            }
        });
        return offsets;
    }

    public BitSet done() {
        return done;
    }
}
