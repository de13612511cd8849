package dev.flover.app.pipeline;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/// Adds to a page of metrics the names that dashboards and autoscalers for vLLM read, with the same values.
///
/// A line of Flover's is repeated under vLLM's name, with the label `model_name`. Metrics of vLLM without a counterpart
/// here are left out.
final class VllmNames {
    private static final Pattern LINE = Pattern.compile("(flover_[a-z_]+?)((?:_bucket|_sum|_count)?)(\\{.*})? (\\S+)");
    private static final String REASON = "reason=";
    private static final String COMPUTED = "{source=\"computed\"}";
    private static final String CACHED = "{source=\"cached\"}";

    /// Flover's names, without the suffixes of histograms, and vLLM's.
    private static final Map<String, String> NAMES = Map.of(
            "flover_live", "vllm:num_requests_running",
            "flover_waiting", "vllm:num_requests_waiting",
            "flover_preemptions_total", "vllm:num_preemptions_total",
            "flover_tokens_total", "vllm:generation_tokens_total",
            "flover_requests_ended_total", "vllm:request_success_total",
            "flover_first_token_seconds", "vllm:time_to_first_token_seconds",
            "flover_between_tokens_seconds", "vllm:inter_token_latency_seconds",
            "flover_waited_seconds", "vllm:request_queue_time_seconds");

    private VllmNames() {}

    /// @param page  a page in Prometheus' text format
    /// @param model the model's name in requests
    /// @return the page with further lines at its end
    static String addTo(String page, String model) {
        String label = "model_name=\"" + model.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        var added = new LinkedHashMap<String, StringBuilder>();
        var values = new LinkedHashMap<String, Double>();
        page.lines().forEach(line -> {
            var found = LINE.matcher(line);
            if (found.matches()) {
                String labels = found.group(3) == null ? "" : found.group(3);
                values.put(found.group(1) + labels, Double.valueOf(number(found.group(4))));
                repeat(added, found.group(1), found.group(2), labels, found.group(4), label);
            }
        });
        compute(values, (name, value) -> added.computeIfAbsent(name, VllmNames::header)
                .append(name).append('{').append(label).append("} ").append(value).append('\n'));
        var all = new StringBuilder(page);
        added.values().forEach(all::append);
        return all.toString();
    }

    private static void repeat(Map<String, StringBuilder> added, String name, String suffix, String labels,
            String value, String label) {
        String other = NAMES.get(name);
        if (other != null) {
            String own = labels.isEmpty() ? "" : labels.substring(1, labels.length() - 1) + ",";
            added.computeIfAbsent(other, VllmNames::header).append(other).append(suffix).append('{')
                    .append(own.replace(REASON, "finished_reason=")).append(label).append("} ").append(value)
                    .append('\n');
        }
    }

    /// Adds the metrics of vLLM that are computed from several of Flover's.
    private static void compute(Map<String, Double> values, BiConsumer<String, Double> add) {
        double blocks = values.getOrDefault("flover_blocks", 0.0);
        double used = blocks == 0 ? 0 : values.getOrDefault("flover_blocks_used", 0.0) / blocks;
        double computed = values.getOrDefault("flover_prompt_tokens_total" + COMPUTED, 0.0);
        double cached = values.getOrDefault("flover_prompt_tokens_total" + CACHED, 0.0);
        add.accept("vllm:kv_cache_usage_perc", used);
        add.accept("vllm:gpu_cache_usage_perc", used);
        add.accept("vllm:prompt_tokens_total", computed + cached);
        add.accept("vllm:prefix_cache_queries_total", computed + cached);
        add.accept("vllm:prefix_cache_hits_total", cached);
    }

    private static StringBuilder header(String name) {
        String type = name.endsWith("_total") ? "counter" : name.endsWith("_seconds") ? "histogram" : "gauge";
        return new StringBuilder("# TYPE " + name + " " + type + "\n");
    }

    private static String number(String text) {
        return switch (text) {
            case "+Inf" -> "Infinity";
            case "-Inf" -> "-Infinity";
            default -> text;
        };
    }
}
