package dev.flover.app.bench.fusion;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// What `bench fusion` found out.
///
/// @param command       gives these figures again
/// @param machine       processor and threads
/// @param weightBytes   of the model as stored
/// @param positionBytes keys and values of one position
/// @param iterationMs   one request alone: the median of its decode steps
/// @param tokens        most of a request
/// @param paperTable    the paper's counts beside simulated ones, over `paperSeeds` draws
record FusionReport(
        String command,
        String version,
        String machine,
        String model,
        String backend,
        String arithmetic,
        @JsonProperty("weight_bytes") long weightBytes,
        @JsonProperty("position_bytes") long positionBytes,
        @JsonProperty("iteration_ms") double iterationMs,
        int requests,
        int tokens,
        @JsonProperty("prompt_tokens") int promptTokens,
        long seed,
        @JsonProperty("paper_seeds") int paperSeeds,
        @JsonProperty("paper_table") List<PaperRow> paperTable,
        List<ScenarioResult> scenarios) {}
