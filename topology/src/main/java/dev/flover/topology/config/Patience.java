package dev.flover.topology.config;

import static dev.flover.topology.config.PipelineConfig.atLeastOne;
import static dev.flover.topology.config.PipelineConfig.require;

import java.time.Duration;

/// How long the pipeline waits for faults that may pass by themselves.
///
/// @param unknownSchema for how long the registry is asked again after it said that it has no schema of an id,
///                      before a record of that schema becomes a dead letter: a follower of the registry may not
///                      have heard of the schema yet
/// @param parked        most records of a partition that may wait for their schemas at the same time. Beyond it,
///                      records in schemas that the registry does not have become dead letters at once; and where
///                      the registry does not answer, the partition is held back
/// @param silence       how long something may stand still before it is reported
public record Patience(Duration unknownSchema, int parked, Duration silence) {
    public Patience {
        require(!unknownSchema.isNegative(), "unknownSchema must not be negative, was " + unknownSchema);
        atLeastOne("parked", parked);
        require(silence.toMillis() >= 1, "silence must be at least 1 ms, was " + silence);
    }

    public static Patience standard() {
        return new Patience(Duration.ofSeconds(30), 1000, Duration.ofSeconds(10));
    }
}
