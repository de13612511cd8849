package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;

/// The strategy that answers requests in order of arrival, one at a time.
record OneAtATime() implements OwnSlots {
    @Override
    public String name() {
        return "one";
    }

    @Override
    public String title() {
        return "one at a time";
    }

    @Override
    public int slots(Workload workload) {
        return 1;
    }

    @Override
    public int mostRows(Workload workload) {
        return workload.longestPrompt();
    }

    @Override
    public void play(Stage stage, ContiguousEngine engine, Timeline timeline, Recording recording) {
        var workload = recording.workload();
        var arriving = new Arriving(workload, timeline);
        while (!arriving.isEmpty()) {
            timeline.idleUntil(arriving.nextArrival());
            int request = arriving.take();
            engine.join(0, stage.prompt(workload, request));
            while (!step(engine, request, recording, timeline)) {
                engine.decode(0);
            }
        }
    }

    /// Computes one step and returns whether it gave the request's last token.
    private static boolean step(ContiguousEngine engine, int request, Recording recording, Timeline timeline) {
        int token = engine.step()[0];
        timeline.stepped();
        boolean ended = recording.token(request, token, timeline.now());
        recording.iteration(timeline.now(), 1, 1, engine.slotBytes());
        return ended;
    }
}
