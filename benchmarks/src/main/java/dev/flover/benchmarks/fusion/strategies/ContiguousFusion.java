package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.scheduling.SlotMap;

/// Temporal fusion as in the paper: requests join and leave at every iteration, and the keys and values of each request
/// are contiguous.
///
/// ```
///   without reordering   A . B C . . D      seven rows: empty slots between live ones are computed, too
///   with reordering      A D B C            four rows, after the keys and values of D were copied
/// ```
///
/// @param reorders whether live slots are kept a dense range, by the fewest moves
record ContiguousFusion(boolean reorders) implements OwnSlots {
    private static final int PADDING = -1;

    @Override
    public String name() {
        return reorders ? "reordered" : "contiguous";
    }

    @Override
    public String title() {
        return reorders ? "fusion, contiguous, reordered" : "fusion, contiguous";
    }

    @Override
    public int slots(Workload workload) {
        return workload.size();
    }

    @Override
    public int mostRows(Workload workload) {
        return Stage.mostRows(workload);
    }

    @Override
    public void play(Stage stage, ContiguousEngine engine, Timeline timeline, Recording recording) {
        new Play(stage, engine, timeline, recording).run();
    }

    private final class Play {
        private final ContiguousEngine engine;
        private final Stage stage;
        private final Timeline timeline;
        private final Recording recording;
        private final Arriving arriving;
        private final int slots;
        private final SlotMap<Integer> dense;

        /// The request in each slot; null if the slot is empty.
        private final Integer[] requests;

        /// The request of each row of the step, or [#PADDING].
        private final int[] rows;
        private boolean slotsChanged;
        private int live;

        Play(Stage stage, ContiguousEngine engine, Timeline timeline, Recording recording) {
            this.engine = engine;
            this.stage = stage;
            this.timeline = timeline;
            this.recording = recording;
            arriving = new Arriving(recording.workload(), timeline);
            slots = recording.workload().size();
            dense = new SlotMap<>(slots);
            requests = new Integer[slots];
            rows = new int[slots];
        }

        void run() {
            while (!recording.isComplete()) {
                int joining = arriving.due(slots - live);
                if (live + joining == 0) {
                    timeline.idleUntil(arriving.nextArrival());
                } else {
                    step(joining);
                }
            }
        }

        private void step(int joining) {
            if (reorders && (slotsChanged || joining > 0)) {
                recording.moved(dense.compact(joining, this::move), 0);
            }
            slotsChanged = false;
            var begins = new boolean[slots];
            for (int i = 0; i < joining; i++) {
                begins[place(arriving.take())] = true;
            }
            live += joining;
            int rowCount = tell(begins);
            take(engine.step(), rowCount);
        }

        private void move(Integer request, int from, int to) {
            engine.move(from, to);
            requests[to] = request;
            requests[from] = null;
            recording.moved(0, engine.slotBytes());
        }

        /// Returns the slot for a new request: the end of the dense range, or the lowest free slot.
        private int place(int request) {
            int slot = 0;
            if (reorders) {
                slot = dense.place(request);
            }
            while (requests[slot] != null) {
                slot++;
            }
            requests[slot] = request;
            return slot;
        }

        /// Gives the engine a row for each slot from the lowest live one to the highest, and returns the number of
        /// rows.
        private int tell(boolean[] begins) {
            int first = 0;
            while (requests[first] == null) {
                first++;
            }
            int last = slots - 1;
            while (requests[last] == null) {
                last--;
            }
            for (int slot = first; slot <= last; slot++) {
                rows[slot - first] = requests[slot] == null ? PADDING : requests[slot];
                if (requests[slot] == null) {
                    engine.pad(slot);
                } else if (begins[slot]) {
                    engine.join(slot, stage.prompt(recording.workload(), requests[slot]));
                } else {
                    engine.decode(slot);
                }
            }
            return last - first + 1;
        }

        private void take(int[] tokens, int rowCount) {
            timeline.stepped();
            long now = timeline.now();
            int computed = live;
            for (int row = 0; row < rowCount; row++) {
                if (rows[row] != PADDING && recording.token(rows[row], tokens[row], now)) {
                    release(rows[row]);
                }
            }
            recording.iteration(now, computed, rowCount, rowCount * engine.slotBytes());
        }

        private void release(int request) {
            int slot = 0;
            while (requests[slot] == null || requests[slot] != request) {
                slot++;
            }
            requests[slot] = null;
            if (reorders) {
                dense.release(slot);
            }
            slotsChanged = true;
            live--;
        }
    }
}
