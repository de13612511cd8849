package dev.flover.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// The broker's ports on the loopback address.
///
/// @param client     port for clients
/// @param controller port of the broker's own controller
record BrokerPorts(int client, int controller) {
    private static final int MAX_PORT = 65535;
    private static final Duration LOOK = Duration.ofMillis(50);

    BrokerPorts {
        if (client < 1 || client > MAX_PORT || controller < 1 || controller > MAX_PORT || client == controller) {
            throw new IllegalArgumentException(
                    "two different ports from 1 to " + MAX_PORT + ", got " + client + " and " + controller);
        }
    }

    /// Finds two ports that are free now. Another program may take them before the broker does.
    static BrokerPorts free() {
        return freeFor(0);
    }

    /// Takes the given port for clients and a free one for the controller.
    static BrokerPorts freeFor(int client) {
        try (var first = listen(client); var second = listen(0)) {
            return new BrokerPorts(first.getLocalPort(), second.getLocalPort());
        } catch (IOException e) {
            throw new EmbeddedServerException("expected port " + client + " on 127.0.0.1 to be free for the embedded"
                    + " broker, but another program listens there; stop it, or give --broker-port another port"
                    + " (0 takes a free one)", e);
        }
    }

    /// Returns the ports of the last run, after waiting until the client port is free: a broker whose parent was killed
    /// needs a few seconds to end. The controller's port may change, since only the broker itself knows it.
    BrokerPorts again(Duration limit) {
        long until = System.nanoTime() + limit.toNanos();
        while (!isFree(client) && System.nanoTime() < until) {
            LockSupport.parkNanos(LOOK.toNanos());
        }
        return areFree() ? this : freeFor(client);
    }

    boolean areFree() {
        return isFree(client) && isFree(controller);
    }

    private static boolean isFree(int port) {
        try (var socket = listen(port)) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    private static ServerSocket listen(int port) throws IOException {
        var socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);       // as Kafka does: old connections do not block the port
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
