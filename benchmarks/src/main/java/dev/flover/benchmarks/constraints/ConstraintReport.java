package dev.flover.benchmarks.constraints;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.soabase.recordbuilder.core.RecordBuilder;

/// The report of `bench constraints`.
///
/// @param logitsPassUs time of one pass over the vocabulary's logits on this machine in the same run, in µs
@JsonPropertyOrder({"schemas", "passing", "compile_errors", "valid_refused", "invalid_accepted", "crashes", "timeouts",
        "mask_us", "compile_us", "logits_pass_us", "mask_mean_in_passes", "masks"})
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record ConstraintReport(
        @JsonProperty("schemas") int schemas,
        @JsonProperty("passing") int passing,
        @JsonProperty("compile_errors") int compileErrors,
        @JsonProperty("valid_refused") int validRefused,
        @JsonProperty("invalid_accepted") int invalidAccepted,
        @JsonProperty("crashes") int crashes,
        @JsonProperty("timeouts") int timeouts,
        @JsonProperty("mask_us") Times.Figures maskUs,
        @JsonProperty("compile_us") Times.Figures compileUs,
        @JsonProperty("logits_pass_us") double logitsPassUs,
        @JsonProperty("mask_mean_in_passes") double maskMeanInPasses,
        @JsonProperty("masks") int masks) {}
