package dev.flover.app.demo;

import dev.flover.app.options.CommandException;
import dev.flover.app.picture.Frame;
import dev.flover.app.picture.Frame.State;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The demo's pipeline in a process of its own, which is killed in the middle of the sentences and started again.
///
/// ```
///   this process                                 child: `demo --pipeline-of ...` (PipelineChild)
///     start ──────────────────────────────────────► loads the model, runs a pipeline
///           ◄── "ready", then "STEPS ROWS" lines ──
///     SIGKILL, when three answers are being written ► gone, at once
///     start again, from the same folder ───────────► continues after the last committed tokens
/// ```
final class KilledPipeline implements DemoPipeline {
    /// The numbers of ended answers after which the process is killed.
    private static final List<Integer> KILLS_AFTER = List.of(3, 12);
    private static final int IN_THE_MIDDLE = 3;
    private static final long END_SECONDS = 10;
    private static final int LOG_LINES = 5;
    private static final Pattern COUNTERS = Pattern.compile("\\d{1,18} \\d{1,18}");
    /// Options of this JVM that make a start faster.
    private static final List<String> START = List.of("-XX:SharedArchiveFile=", "-XX:AOTCache=");

    private final Class<?> main;
    private final List<String> arguments;
    private final Path log;
    private volatile Child child;
    private volatile boolean restarting;
    private volatile @Nullable CommandException failure;
    private long stepsBefore;
    private long rowsBefore;
    private volatile boolean released;
    private int kills;
    private int interrupted;

    /// One process, and the counters that it reported last.
    private static final class Child {
        final Process process;
        final CountDownLatch ready = new CountDownLatch(1);
        volatile long steps;
        volatile long rows;

        Child(Process process) {
            this.process = process;
            Thread.ofVirtual().start(this::listen);
        }

        private void listen() {
            try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.equals(PipelineChild.READY)) {
                        ready.countDown();
                    } else if (COUNTERS.matcher(line).matches()) {
                        String[] counters = line.split(" ");
                        steps = Long.parseLong(counters[0]);
                        rows = Long.parseLong(counters[1]);
                    }
                }
            } catch (IOException e) {
                return;      // the process was killed
            }
        }
    }

    /// Starts the process, and waits until its pipeline answers requests.
    ///
    /// @param main      the main class of the command line
    /// @param arguments the arguments of the child
    /// @param log       the file for its log
    KilledPipeline(Class<?> main, List<String> arguments, Path log) {
        this.main = main;
        this.arguments = arguments;
        this.log = log;
        child = start();
    }

    private Child start() {
        try {
            var started = new Child(new ProcessBuilder(JavaCommand.ofEngine(main).inherit(START)
                    .with("-XX:+UseSerialGC", "-Xlog:disable").arguments(arguments).line())
                    .redirectError(Redirect.appendTo(log.toFile())).start());
            while (!started.ready.await(1, TimeUnit.SECONDS)) {
                if (!started.process.isAlive()) {
                    throw ended();
                }
            }
            return started;
        } catch (IOException e) {
            throw new CommandException("the pipeline's process cannot be started: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }

    private CommandException ended() {
        try {
            var lines = Files.readAllLines(log);
            return new CommandException("the pipeline's process has ended; its last lines: "
                    + String.join(" | ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size())));
        } catch (IOException e) {
            return new CommandException("the pipeline's process has ended, and its log cannot be read", e);
        }
    }

    @Override
    public synchronized long steps() {
        return stepsBefore + (restarting ? 0 : child.steps);
    }

    @Override
    public synchronized long rows() {
        return rowsBefore + (restarting ? 0 : child.rows);
    }

    @Override
    public void check() {
        if (failure != null) {
            throw failure;
        }
        if (!restarting && !child.process.isAlive()) {
            throw ended();
        }
    }

    @Override
    public void shown(Frame frame, Scoreboard board) {
        int middle = (int) frame.in(State.DECODING).stream().filter(each -> each.tokens() > 0).count();
        if (released || restarting || kills >= KILLS_AFTER.size() || middle < IN_THE_MIDDLE
                || frame.in(State.DONE).size() < KILLS_AFTER.get(kills)) {
            return;
        }
        kills++;
        interrupted += middle;
        kill();
        board.notice("process " + child.process.pid() + " was killed (SIGKILL) in the middle of " + middle
                + " answers; another one starts");
        Thread.ofVirtual().start(() -> startAgain(board));
    }

    private synchronized void kill() {
        restarting = true;
        stepsBefore += child.steps;
        rowsBefore += child.rows;
        child.process.destroyForcibly();
    }

    private void startAgain(Scoreboard board) {
        try {
            child.process.onExit().join();
            var next = start();
            synchronized (this) {
                child = next;
                restarting = false;
                if (released) {
                    release();
                }
            }
            board.notice("process " + next.process.pid() + " continues each answer after its last committed token");
        } catch (CommandException e) {
            failure = e;
        }
    }

    /// Ends the slowing down; a process that is being started is told later. There are no kills after that.
    @Override
    public synchronized void release() {
        released = true;
        if (restarting) {
            return;
        }
        try {
            var in = child.process.getOutputStream();
            in.write((PipelineChild.RELEASE + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Kills kills() {
        return new Kills(kills, interrupted);
    }

    /// Ends the process by the end of its standard input.
    @Override
    public void close() {
        var process = child.process;
        try {
            process.getOutputStream().close();
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
