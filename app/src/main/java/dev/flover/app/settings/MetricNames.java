package dev.flover.app.settings;

/// The names under which metrics are published.
public enum MetricNames {
    /// Flover's own names.
    FLOVER,
    /// Flover's own names, and those of vLLM.
    VLLM
}
