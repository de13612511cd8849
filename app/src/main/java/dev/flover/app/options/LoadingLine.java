package dev.flover.app.options;

import dev.flover.app.terminal.ProgressLine;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.LoadListener;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.model.Model;
import java.io.PrintWriter;

/// How far a large model is loaded, where somebody looks on; gone when it is.
public final class LoadingLine implements LoadListener, AutoCloseable {
    /// A model that is loaded sooner needs no line.
    private static final long QUIET_NANOS = 300_000_000;

    private final long begin = System.nanoTime();
    private final ProgressLine line;

    private LoadingLine(ProgressLine line) {
        this.line = line;
    }

    /// Starts an engine as [Engine#start] does.
    ///
    /// @param err gets the line, and nothing where it is no terminal
    public static Engine start(Model model, Backend backend, EngineConfig config, PrintWriter err) {
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
