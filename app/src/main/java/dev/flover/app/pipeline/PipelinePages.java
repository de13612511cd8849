package dev.flover.app.pipeline;

import dev.flover.app.settings.MetricNames;
import dev.flover.app.settings.SettingTable;
import dev.flover.topology.Health;
import dev.flover.topology.generation.GenerationList.Row;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The pages of a pipeline's listener, also while the pipeline starts.
final class PipelinePages implements MetricsServer.Pages {
    private final PipelineSettings settings;
    private final PrometheusMeterRegistry meters;
    private final Figures figures;
    private final Supplier<@Nullable LocalPipeline> running;

    /// @param running gives the pipeline; null while it starts
    PipelinePages(PipelineSettings settings, PrometheusMeterRegistry meters, Figures figures,
            Supplier<@Nullable LocalPipeline> running) {
        this.settings = settings;
        this.meters = meters;
        this.figures = figures;
        this.running = running;
    }

    @Override
    public Health health() {
        return figures.health();
    }

    @Override
    public String metrics() {
        String page = meters.scrape();
        return settings.settings().get(SettingTable.METRICS_NAMES) == MetricNames.VLLM
                ? VllmNames.addTo(page, settings.servedModel()) : page;
    }

    @Override
    public Object status() {
        return figures.values();
    }

    @Override
    public Object generations() {
        var pipeline = running.get();
        return pipeline == null ? List.of() : pipeline.generations().stream().map(PipelinePages::row).toList();
    }

    private static Map<String, Object> row(Row generation) {
        var row = new LinkedHashMap<String, Object>();
        row.put("id", generation.id());
        row.put("tenant", generation.tenant());
        row.put("state", generation.state().name().toLowerCase(Locale.ROOT));
        row.put("partition", generation.partition());
        row.put("prompt_tokens", generation.promptTokens());
        row.put("tokens", generation.tokens());
        row.put("max_tokens", generation.maxTokens());
        row.put("read_at", generation.readAt());
        return row;
    }
}
