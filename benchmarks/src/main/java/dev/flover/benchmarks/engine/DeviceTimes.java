package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;

/// Mean times per step, in µs.
///
/// @param busy from a step's first operation on the device to its last
/// @param idle from a step's last operation on the device to the first one of the next step
/// @param host for launching a step from the host, while the device computes the step before
record DeviceTimes(
        @JsonProperty("busy_us") double busy,
        @JsonProperty("idle_us") double idle,
        @JsonProperty("host_us") double host) {}
