package dev.flover.http;

import dev.flover.http.topics.TopicAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Where a bridge listens, what it reads and writes, and its limits.
///
/// @param port        0 takes a free one
/// @param passUnknown whether parameters that nobody knows are left out; otherwise they are refused, unless the client
///                    says otherwise
public record BridgeConfig(
        String host, int port, TopicAccess topics, Access access, Limits limits, boolean passUnknown) {
    /// @param tokens  file of tokens; none: whoever reaches the bridge may ask
    /// @param hosts   names under which the bridge may be asked, beside those of the loopback address
    /// @param origins of web pages that may ask
    public record Access(Optional<Path> tokens, Set<String> hosts, Set<String> origins) {
        public Access {
            hosts = Set.copyOf(hosts);
            origins = Set.copyOf(origins);
        }

        public static Access open() {
            return new Access(Optional.empty(), Set.of(), Set.of());
        }
    }

    /// @param bodyBytes   of a request
    /// @param connections at once; further ones wait in the system's queue
    /// @param waiting     requests without a first token, beyond which further ones are refused
    /// @param head        longest time from a request's first byte to the end of its headers
    /// @param idle        longest time that a connection may be without a byte, a write that a client does not read
    ///                    included
    /// @param keepAlive   time between two signs of life on a stream that has nothing to say
    public record Limits(
            int bodyBytes, int connections, int waiting, Duration head, Duration idle, Duration keepAlive) {
        public static Limits standard() {
            return new Limits(4 << 20, 2048, 1000, Duration.ofSeconds(10), Duration.ofSeconds(30),
                    Duration.ofSeconds(10));
        }

        public Limits withBodyBytes(int bytes) {
            return new Limits(bytes, connections, waiting, head, idle, keepAlive);
        }

        public Limits withConnections(int most) {
            return new Limits(bodyBytes, most, waiting, head, idle, keepAlive);
        }

        public Limits withWaiting(int most) {
            return new Limits(bodyBytes, connections, most, head, idle, keepAlive);
        }

        public Limits withTimes(Duration newHead, Duration newIdle, Duration newKeepAlive) {
            return new Limits(bodyBytes, connections, waiting, newHead, newIdle, newKeepAlive);
        }
    }

    /// With all limits at their defaults, for everybody who reaches it.
    public static BridgeConfig of(String host, int port, TopicAccess topics) {
        return new BridgeConfig(host, port, topics, Access.open(), Limits.standard(), false);
    }

    public BridgeConfig with(Access other) {
        return new BridgeConfig(host, port, topics, other, limits, passUnknown);
    }

    public BridgeConfig with(Limits other) {
        return new BridgeConfig(host, port, topics, access, other, passUnknown);
    }
}
