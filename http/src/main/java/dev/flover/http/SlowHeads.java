package dev.flover.http;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ServerConnector;

/// Closes connections on which a request has begun but its headers do not end. A client that sends a byte from time to
/// time is never idle, and would hold its connection for ever.
final class SlowHeads implements AutoCloseable {
    private static final long MOST_PAUSE_MS = 1_000;

    private final ServerConnector connector;
    private final long mostNanos;
    private final Set<EndPoint> handled = ConcurrentHashMap.newKeySet();
    private final Map<EndPoint, Begun> begun = new ConcurrentHashMap<>();
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("flover-http-heads").daemon().factory());

    /// The state of a connection between two requests.
    ///
    /// @param bytesBefore bytes that were read on the connection when its last request was handled
    /// @param since       when the connection was last seen without a further byte, in ns
    private record Begun(long bytesBefore, long since) {}

    SlowHeads(ServerConnector connector, Duration most) {
        this.connector = connector;
        mostNanos = most.toNanos();
    }

    void start() {
        long pauseMs = Math.clamp(mostNanos / 4_000_000, 1, MOST_PAUSE_MS);
        looking.scheduleWithFixedDelay(this::look, pauseMs, pauseMs, TimeUnit.MILLISECONDS);
    }

    /// Exempts a connection while a request on it is handled.
    void enter(EndPoint endPoint) {
        handled.add(endPoint);
    }

    void leave(EndPoint endPoint) {
        begun.put(endPoint, new Begun(bytes(endPoint), System.nanoTime()));
        handled.remove(endPoint);
    }

    private static long bytes(EndPoint endPoint) {
        var connection = endPoint.getConnection();
        return connection == null ? 0 : connection.getBytesIn();
    }

    private void look() {
        var open = connector.getConnectedEndPoints();
        begun.keySet().retainAll(open);
        handled.retainAll(open);
        long now = System.nanoTime();
        for (var endPoint : open) {
            if (!handled.contains(endPoint)) {
                var before = begun.getOrDefault(endPoint, new Begun(0, now));
                if (bytes(endPoint) == before.bytesBefore()) {
                    begun.put(endPoint, new Begun(before.bytesBefore(), now));
                } else if (now - before.since() > mostNanos) {
                    endPoint.close();
                } else {
                    begun.putIfAbsent(endPoint, before);
                }
            }
        }
    }

    @Override
    public void close() {
        looking.shutdownNow();
    }
}
