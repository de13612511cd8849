package dev.flover.app.pipeline;

import java.util.Optional;

/// Where the embedded servers are to listen, on the loopback address; 0 takes a free port, and so does the first start
/// in a folder where nothing is said. A later one takes the port of the last, so that clients find the servers again.
record EmbeddedPorts(Optional<Integer> broker, Optional<Integer> registry) {}
