package dev.flover.app.demo;

import dev.flover.app.picture.Frame;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The other end of [KilledPipeline]: reports a pipeline's counters on standard output, and obeys standard input.
final class PipelineChild {
    static final String READY = "ready";
    static final String RELEASE = "release";

    private final DemoPipeline pipeline;
    private final PrintWriter out;
    private final CountDownLatch over = new CountDownLatch(1);

    PipelineChild(DemoPipeline pipeline, PrintWriter out) {
        this.pipeline = pipeline;
        this.out = out;
    }

    /// Reports until standard input ends, which it also does where the parent is killed.
    void run() {
        Thread.ofPlatform().daemon().name("demo-input").start(this::obey);
        say(READY);
        try {
            while (!over.await(Frame.SAMPLE_MS / 2, TimeUnit.MILLISECONDS)) {
                pipeline.check();
                say(pipeline.steps() + " " + pipeline.rows());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void obey() {
        try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.equals(RELEASE)) {
                    pipeline.release();
                }
            }
        } catch (IOException e) {
            // the parent has ended
        } finally {
            over.countDown();
        }
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }
}
