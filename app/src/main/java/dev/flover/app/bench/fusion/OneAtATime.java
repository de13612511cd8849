package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;
import java.util.function.Supplier;

/// In order of arrival, each when the one before has ended.
record OneAtATime() implements Strategy {
    @Override
    public String name() {
        return "one";
    }

    @Override
    public String title() {
        return "one at a time";
    }

    @Override
    public Recording play(Stage stage, Workload workload, Supplier<Timeline> clock) {
        try (var engine = new ContiguousEngine(
                stage.model(), stage.open(), 1, workload.mostPositions(), workload.longestPrompt())) {
            var timeline = clock.get();
            var recording = new Recording(workload, timeline);
            var arriving = new Arriving(workload, timeline);
            while (!arriving.isEmpty()) {
                timeline.idleUntil(arriving.nextArrival());
                int request = arriving.take();
                engine.join(0, stage.prompt(workload, request));
                while (!step(engine, request, recording, timeline)) {
                    engine.decode(0);
                }
            }
            return recording;
        }
    }

    /// Whether it was the request's last.
    private static boolean step(ContiguousEngine engine, int request, Recording recording, Timeline timeline) {
        int token = engine.step()[0];
        timeline.stepped();
        boolean ended = recording.token(request, token, timeline.now());
        recording.iteration(timeline.now(), 1, 1, engine.slotBytes());
        return ended;
    }
}
