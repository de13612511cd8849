package dev.flover.app.options;

import dev.flover.app.terminal.ProgressLine;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.LoadListener;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import java.io.PrintWriter;

/// A progress line on the terminal while a large model is loaded; it is removed at the end.
public final class LoadingLine implements LoadListener, AutoCloseable {
    /// How long loading takes before the line appears, in ns. A smaller model is loaded before that and needs no line.
    private static final long QUIET_NANOS = 300_000_000;

    private final long begin = System.nanoTime();
    private final ProgressLine line;

    private LoadingLine(ProgressLine line) {
        this.line = line;
    }

    /// Starts an engine like [Engine#start] and shows the progress.
    ///
    /// @param err where the line is printed; nothing is printed if the process has no terminal
    public static Engine start(Model model, BackendGroup backend, EngineConfig config, PrintWriter err) {
        if (!ProgressLine.isOnTerminal()) {
            return Engine.start(model, backend, config);
        }
        try (var line = new LoadingLine(
                new ProgressLine(err, "loading " + model.path().getFileName(), model.config().layers().size()))) {
            return Engine.start(model, backend, config, line);
        }
    }

    @Override
    public void loaded(int layers, int all) {
        if (System.nanoTime() - begin > QUIET_NANOS) {
            line.show(layers, "layers");
        }
    }

    @Override
    public void close() {
        line.close();
    }
}
