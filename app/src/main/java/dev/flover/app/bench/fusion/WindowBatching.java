package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;

/// Dynamic batching: requests are collected for a while, computed together until the longest has ended, and only then
/// the next ones begin. Those that end earlier are computed on as padding.
///
/// In its favour, a request counts as answered with its own last token, not with the batch's.
///
/// @param label  of the window, for a person
/// @param window how long the oldest request waits for others, in thousandths of the workload's unit of time
/// @param most   requests in a batch; a full one does not wait
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
