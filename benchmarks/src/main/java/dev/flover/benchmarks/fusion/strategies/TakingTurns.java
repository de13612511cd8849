package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import java.util.Arrays;

/// Model instances that compete for the device, in the best case for them: each computes its own request, one sequence
/// per step; the device computes their steps in turn without any gap; and they share one copy of the weights.
///
/// @param instances number of instances; further requests wait
record TakingTurns(int instances) implements OwnSlots {
    private static final int FREE = -1;

    @Override
    public String name() {
        return "turns";
    }

    @Override
    public String title() {
        return instances + " instances taking turns";
    }

    @Override
    public int slots(Workload workload) {
        return instances;
    }

    @Override
    public int mostRows(Workload workload) {
        return workload.longestPrompt();
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
        private final int[] requests = new int[instances];
        private final boolean[] begun = new boolean[instances];
        private int live;
        private int turn;

        Play(Stage stage, ContiguousEngine engine, Timeline timeline, Recording recording) {
            this.engine = engine;
            this.stage = stage;
            this.timeline = timeline;
            this.recording = recording;
            arriving = new Arriving(recording.workload(), timeline);
            Arrays.fill(requests, FREE);
        }

        void run() {
            while (!recording.isComplete()) {
                occupy();
                if (live == 0) {
                    timeline.idleUntil(arriving.nextArrival());
                } else {
                    stepNext();
                }
            }
        }

        private void occupy() {
            for (int slot = 0; slot < instances && arriving.isDue(); slot++) {
                if (requests[slot] == FREE) {
                    requests[slot] = arriving.take();
                    begun[slot] = false;
                    live++;
                }
            }
        }

        private void stepNext() {
            do {
                turn = (turn + 1) % instances;
            } while (requests[turn] == FREE);
            int request = requests[turn];
            if (begun[turn]) {
                engine.decode(turn);
            } else {
                engine.join(turn, stage.prompt(recording.workload(), request));
                begun[turn] = true;
            }
            int token = engine.step()[0];
            timeline.stepped();
            boolean ended = recording.token(request, token, timeline.now());
            recording.iteration(timeline.now(), 1, 1, live * engine.slotBytes());
            if (ended) {
                requests[turn] = FREE;
                live--;
            }
        }
    }
}
