package dev.flover.tests.pipeline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A proxy in front of a server on the loopback address. It delays, holds, cuts or half closes connections on demand.
final class TcpProxy implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final long LOOK_NANOS = 5_000_000;

    private final ServerSocket listening;
    private final int port;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile long delayNanos;
    private volatile boolean holding;

    private record Connection(Socket client, Socket server) {
        void close() {
            close(client);
            close(server);
        }

        private static void close(Socket socket) {
            try {
                if (!socket.isClosed()) {
                    socket.setSoLinger(true, 0);        // close sends a reset, not an orderly end
                    socket.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private TcpProxy(int port) throws IOException {
        this.port = port;
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /// @param port the port of the server, which need not listen yet
    static TcpProxy before(int port) throws IOException {
        return new TcpProxy(port);
    }

    int port() {
        return listening.getLocalPort();
    }

    /// Delays all data that arrives from now on by this many ms.
    void delay(long millis) {
        delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /// Forwards no data until [#release]; the connections stay open.
    void hold() {
        holding = true;
    }

    void release() {
        holding = false;
    }

    /// Resets all connections.
    ///
    /// @return the number of connections that were reset
    int cut() {
        int count = connections.size();
        connections.forEach(Connection::close);
        return count;
    }

    /// Ends the server's side of all connections; the client's side stays open.
    ///
    /// @return the number of connections that were changed
    int halfClose() throws IOException {
        int count = 0;
        for (var connection : connections) {
            connection.client().shutdownOutput();
            count++;
        }
        return count;
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                var client = listening.accept();
                var server = new Socket();
                var connection = new Connection(client, server);
                connections.add(connection);
                Thread.ofVirtual().start(() -> join(connection));
            } catch (IOException e) {
                continue;       // the proxy was closed, or the client has disconnected
            }
        }
    }

    private void join(Connection connection) {
        try {
            connection.server().connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            Thread.ofVirtual().start(() -> carry(connection, connection.client(), connection.server()));
            carry(connection, connection.server(), connection.client());
        } catch (IOException e) {
            end(connection);
        }
    }

    private void carry(Connection connection, Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER];
        try {
            for (int count = from.getInputStream().read(buffer); count >= 0;
                    count = from.getInputStream().read(buffer)) {
                LockSupport.parkNanos(delayNanos);
                while (holding && !listening.isClosed()) {
                    LockSupport.parkNanos(LOOK_NANOS);
                }
                to.getOutputStream().write(buffer, 0, count);
            }
            end(connection);
        } catch (IOException e) {
            end(connection);        // one side has disconnected, so the other is closed, too
        }
    }

    private void end(Connection connection) {
        connections.remove(connection);
        connection.close();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }
}
