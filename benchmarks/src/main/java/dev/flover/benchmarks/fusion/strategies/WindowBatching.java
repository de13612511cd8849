package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;

/// Dynamic batching: requests are collected for a time window and computed together until the longest has ended; only
/// then the next batch begins. Requests that end earlier are computed further as padding.
///
/// In favour of this strategy, a request counts as answered at its own last token, not at the batch's.
///
/// @param label  the window's length as given by the user
/// @param window the longest wait of a batch's oldest request, in thousandths of the workload's unit of time
/// @param most   the most requests of a batch; a full batch does not wait
record WindowBatching(String label, long window, int most) implements OwnSlots {
    @Override
    public String name() {
        return "window:" + label;
    }

    @Override
    public String title() {
        return "batches, window " + label + " ms";
    }

    @Override
    public int slots(Workload workload) {
        return most;
    }

    @Override
    public int mostRows(Workload workload) {
        return Stage.mostRows(workload);
    }

    @Override
    public void play(Stage stage, ContiguousEngine engine, Timeline timeline, Recording recording) {
        var workload = recording.workload();
        var arriving = new Arriving(workload, timeline);
        while (!arriving.isEmpty()) {
            long closes = arriving.nextArrival() + timeline.ticks(window);
            timeline.idleUntil(Math.min(closes, arriving.arrivalBehind(most - 1)));
            var batch = new int[arriving.due(most)];
            for (int slot = 0; slot < batch.length; slot++) {
                batch[slot] = arriving.take();
                engine.join(slot, stage.prompt(workload, batch[slot]));
            }
            compute(batch, engine, recording, timeline);
        }
    }

    private static void compute(int[] batch, ContiguousEngine engine, Recording recording, Timeline timeline) {
        var ended = new boolean[batch.length];
        int live = batch.length;
        while (true) {
            int[] tokens = engine.step();
            timeline.stepped();
            int computed = live;
            for (int slot = 0; slot < batch.length; slot++) {
                if (!ended[slot] && recording.token(batch[slot], tokens[slot], timeline.now())) {
                    ended[slot] = true;
                    live--;
                }
            }
            recording.iteration(timeline.now(), computed, batch.length, batch.length * engine.slotBytes());
            if (live == 0) {
                return;
            }
            for (int slot = 0; slot < batch.length; slot++) {
                engine.decode(slot);
            }
        }
    }
}
