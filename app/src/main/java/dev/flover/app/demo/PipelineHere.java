package dev.flover.app.demo;

import dev.flover.app.connection.Connection;
import dev.flover.app.page.PageConfig;
import dev.flover.app.page.PageServer;
import dev.flover.app.picture.Frame;
import dev.flover.app.pipeline.Figures;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.PageOfPipeline;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import dev.flover.topology.config.PipelineConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Objects;

/// The demo's pipeline in this process.
final class PipelineHere implements DemoPipeline {
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final LocalPipeline pipeline;
    private final Pacer pacer;

    /// Starts the pipeline, and waits until it answers requests. Takes ownership of the engine.
    PipelineHere(PipelineConfig config, Model model, Engine engine, EngineConfig engineConfig, Pacer pacer) {
        this.pacer = pacer;
        pipeline = LocalPipeline.start(config, model, engine, engineConfig, meters);
        pipeline.awaitReady(() -> false);
    }

    /// Starts a page that shows this pipeline.
    ///
    /// @param engine an engine with a trace
    PageServer page(Connection connection, PipelineConfig config, Engine engine, String device) {
        var names = new Figures.Names(config.applicationId(), config.servedModel(), device);
        return PageServer.start(
                PageConfig.usual(new PageConfig.Topics(connection, config.topics(), config.applicationId())),
                new PageOfPipeline(List.of(Objects.requireNonNull(engine.trace())),
                        new Figures(names, meters, pipeline::health), () -> pipeline));
    }

    @Override
    public long steps() {
        return (long) meters.get("flover.steps").functionCounter().count();
    }

    @Override
    public long rows() {
        return (long) meters.get("flover.rows").functionCounter().count();
    }

    @Override
    public void check() {
        pipeline.throwIfFailed();
    }

    @Override
    public void release() {
        pacer.release();
    }

    @Override
    public void shown(Frame frame, Scoreboard board) {
        // nothing happens to this pipeline
    }

    @Override
    public Kills kills() {
        return Kills.NONE;
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
