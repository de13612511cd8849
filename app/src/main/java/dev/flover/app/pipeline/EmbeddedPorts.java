package dev.flover.app.pipeline;

import java.util.Optional;

/// The ports of the embedded servers on the loopback address. 0 takes a free port. If no port is given, the first start
/// in a folder takes a free port and later starts take the same port, so that clients find the servers again.
record EmbeddedPorts(Optional<Integer> broker, Optional<Integer> registry) {}
