package dev.flover.benchmarks.fusion;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/// The report of `bench fusion`.
///
/// @param command       the command that repeats the measurement
/// @param machine       processor and number of threads
/// @param weightBytes   bytes of the model's weights as stored
/// @param positionBytes bytes of the keys and values of one position
/// @param iterationMs   median decode step of one request alone, in ms
/// @param tokens        the most tokens of a request
/// @param paperTable    the paper's counts beside simulated ones, over `paperSeeds` random draws
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
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
