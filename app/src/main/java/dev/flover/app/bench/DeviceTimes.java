package dev.flover.app.bench;

import com.fasterxml.jackson.annotation.JsonProperty;

/// Microseconds a step.
///
/// @param busy between a step's first work on the device and its last
/// @param idle of the device, between one step's last work and the next one's first
/// @param host for giving a step to the device; while it computes the one before
record DeviceTimes(
        @JsonProperty("busy_us") double busy,
        @JsonProperty("idle_us") double idle,
        @JsonProperty("host_us") double host) {}
