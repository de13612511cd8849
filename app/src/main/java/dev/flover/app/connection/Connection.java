package dev.flover.app.connection;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// A Kafka cluster and its schema registry, as their clients are told of them.
///
/// @param bootstrapServers `host:port`, separated by commas
/// @param registryUrl      of a registry that speaks Confluent's REST interface
/// @param properties       further client properties, of both
public record Connection(String bootstrapServers, String registryUrl, Map<String, String> properties) {
    private static final List<String> REGISTRY_PREFIXES = List.of(
            "schema.registry.", "basic.auth.", "bearer.auth.", "auto.register.schemas", "use.latest.version");
    private static final int CONNECT_TIMEOUT_MS = 3000;
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    public Connection {
        properties = Map.copyOf(properties);
    }

    public static Connection of(String bootstrapServers, String registryUrl) {
        return new Connection(bootstrapServers, registryUrl, Map.of());
    }

    /// What a Kafka client is configured with.
    public Map<String, String> kafka() {
        var kafka = select(name -> REGISTRY_PREFIXES.stream().noneMatch(name::startsWith));
        kafka.put("bootstrap.servers", bootstrapServers);
        return kafka;
    }

    /// What a registry client is configured with.
    public Map<String, String> registry() {
        var registry = select(name -> REGISTRY_PREFIXES.stream().anyMatch(name::startsWith));
        registry.put("schema.registry.url", registryUrl);
        return registry;
    }

    private Map<String, String> select(Predicate<String> wanted) {
        return properties.entrySet().stream()
                .filter(property -> wanted.test(property.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> b, HashMap::new));
    }

    /// Finds out at once what the clients would find out by waiting.
    ///
    /// @throws CommandException if nobody listens at one of the addresses
    public void check() {
        boolean broker = addresses().stream().anyMatch(Connection::answers);
        if (!broker) {
            throw new CommandException("no Kafka broker answers at " + bootstrapServers
                    + "; start one with `flover up --embedded`, or give --bootstrap-servers");
        }
        if (!answers(registryAddress())) {
            throw new CommandException("no schema registry answers at " + registryUrl
                    + "; start one with `flover up --embedded`, or give --schema-registry-url");
        }
    }

    private List<InetSocketAddress> addresses() {
        var addresses = new ArrayList<InetSocketAddress>();
        for (String server : bootstrapServers.split(",")) {
            int colon = server.lastIndexOf(':');
            try {
                addresses.add(new InetSocketAddress(
                        server.substring(0, colon).strip(), Integer.parseInt(server.substring(colon + 1).strip())));
            } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
                throw new CommandException(
                        "--bootstrap-servers must be host:port, or several separated by commas, was " + server, e);
            }
        }
        return addresses;
    }

    private InetSocketAddress registryAddress() {
        try {
            var url = new URI(registryUrl);
            int usual = "https".equals(url.getScheme()) ? HTTPS_PORT : HTTP_PORT;
            return new InetSocketAddress(url.getHost(), url.getPort() < 0 ? usual : url.getPort());
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw new CommandException("--schema-registry-url must be a URL such as http://localhost:8081, was "
                    + registryUrl, e);
        }
    }

    private static boolean answers(InetSocketAddress address) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), CONNECT_TIMEOUT_MS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
