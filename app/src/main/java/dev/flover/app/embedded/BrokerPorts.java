package dev.flover.app.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/// Where the broker listens, on the loopback address.
///
/// @param client     for clients
/// @param controller for the broker's own controller
record BrokerPorts(int client, int controller) {
    private static final int MAX_PORT = 65535;

    BrokerPorts {
        if (client < 1 || client > MAX_PORT || controller < 1 || controller > MAX_PORT || client == controller) {
            throw new IllegalArgumentException(
                    "two different ports from 1 to " + MAX_PORT + ", got " + client + " and " + controller);
        }
    }

    /// Two ports that were free just now. Somebody may take them before the broker does.
    static BrokerPorts free() {
        return freeFor(0);
    }

    /// The given port, with a free one for the controller.
    static BrokerPorts freeFor(int client) {
        try (var first = listen(client); var second = listen(0)) {
            return new BrokerPorts(first.getLocalPort(), second.getLocalPort());
        } catch (IOException e) {
            throw new EmbeddedServerException("expected port " + client + " on 127.0.0.1 to be free for the embedded"
                    + " broker, but another program listens there; stop it or choose another port", e);
        }
    }

    boolean areFree() {
        try (var first = listen(client); var second = listen(controller)) {
            return first.isBound() && second.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    private static ServerSocket listen(int port) throws IOException {
        var socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);       // as Kafka does: connections of the last run do not block the port
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
