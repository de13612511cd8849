package dev.flover.http;

import dev.flover.http.batches.Uploads;
import dev.flover.http.topics.TopicAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// The configuration of a bridge: its address, its topics, its access rules and its limits.
///
/// @param port        the port to listen on; 0 takes a free one
/// @param uploads     limits of uploaded files
/// @param passUnknown whether unknown parameters of requests are ignored; otherwise they are refused, unless the client
///                    asks for the other behaviour
public record BridgeConfig(
        String host, int port, TopicAccess topics, Access access, Limits limits, Uploads uploads,
        boolean passUnknown) {
    /// The rules for who may send requests.
    ///
    /// @param tokens  file of bearer tokens; if empty, every client that reaches the bridge may send requests
    /// @param hosts   allowed values of the `Host` header, beside the names of the loopback address
    /// @param origins origins of the web pages that may send requests
    public record Access(Optional<Path> tokens, Set<String> hosts, Set<String> origins) {
        public Access {
            hosts = Set.copyOf(hosts);
            origins = Set.copyOf(origins);
        }

        public static Access open() {
            return new Access(Optional.empty(), Set.of(), Set.of());
        }
    }

    /// The limits of a bridge.
    ///
    /// @param bodyBytes   the most bytes of a request's body
    /// @param connections the most open connections; further ones wait in the operating system's queue
    /// @param waiting     the most requests that wait for their first token; further ones are refused
    /// @param head        longest time from a request's first byte to the end of its headers
    /// @param idle        longest time without a transferred byte on a connection, also while a client does not read
    /// @param keepAlive   time between two comment lines on a stream that has no tokens
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

    /// Makes a configuration with default limits, in which every client may send requests.
    public static BridgeConfig of(String host, int port, TopicAccess topics) {
        return new BridgeConfig(host, port, topics, Access.open(), Limits.standard(),
                Uploads.standard(), false);
    }

    public BridgeConfig with(Access other) {
        return new BridgeConfig(host, port, topics, other, limits, uploads, passUnknown);
    }

    public BridgeConfig with(Limits other) {
        return new BridgeConfig(host, port, topics, access, other, uploads, passUnknown);
    }

    public BridgeConfig with(Uploads other) {
        return new BridgeConfig(host, port, topics, access, limits, other, passUnknown);
    }
}
