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
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// A Kafka cluster and its schema registry, as their clients are told of them.
///
/// @param bootstrapServers `host:port`, separated by commas
/// @param registryUrl      of a registry that speaks Confluent's REST interface; several are separated by commas
/// @param properties       further client properties, of both; they may hold secrets
public record Connection(String bootstrapServers, String registryUrl, Map<String, String> properties) {
    private static final List<String> REGISTRY_PREFIXES = List.of(
            "schema.registry.", "basic.auth.", "bearer.auth.", "auto.register.schemas", "use.latest.version");
    /// A registry that takes the user of the Kafka cluster has to be told who that is.
    private static final String CREDENTIALS_SOURCE = "basic.auth.credentials.source";
    private static final int CONNECT_TIMEOUT_MS = 3000;
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    public Connection {
        properties = Map.copyOf(properties);
        for (String url : registryUrl.split(",")) {
            requireNoCredentials(url);
        }
    }

    private static void requireNoCredentials(String url) {
        int host = url.indexOf("//") + 2;
        int end = url.indexOf('/', host);
        int at = url.lastIndexOf('@', end < 0 ? url.length() : end);
        if (host >= 2 && at >= host) {
            throw new CommandException("--schema-registry-url must not hold credentials, because everybody on this "
                    + "machine can read arguments; put " + CREDENTIALS_SOURCE + "=USER_INFO and "
                    + "basic.auth.user.info=USER:PASSWORD into the file of --client-properties");
        }
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
        boolean inherits = "SASL_INHERIT".equals(properties.get(CREDENTIALS_SOURCE));
        var registry = select(name -> REGISTRY_PREFIXES.stream().anyMatch(name::startsWith)
                || inherits && name.startsWith("sasl."));
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
        if (registryAddresses().stream().noneMatch(Connection::answers)) {
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
                        "--bootstrap-servers must be host:port, or several separated by commas, was " + server
                                + " (by the option or $FLOVER_BOOTSTRAP_SERVERS)", e);
            }
        }
        return addresses;
    }

    private List<InetSocketAddress> registryAddresses() {
        var addresses = new ArrayList<InetSocketAddress>();
        for (String text : registryUrl.split(",")) {
            try {
                var url = new URI(text.strip());
                int usual = "https".equals(url.getScheme()) ? HTTPS_PORT : HTTP_PORT;
                addresses.add(new InetSocketAddress(url.getHost(), url.getPort() < 0 ? usual : url.getPort()));
            } catch (URISyntaxException | IllegalArgumentException e) {
                throw new CommandException("--schema-registry-url must be a URL such as http://localhost:8081, or "
                        + "several separated by commas, was " + text
                        + " (by the option or $FLOVER_SCHEMA_REGISTRY_URL)", e);
            }
        }
        return addresses;
    }

    private static boolean answers(InetSocketAddress address) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), CONNECT_TIMEOUT_MS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /// The names of the properties without their values: some are secrets.
    @Override
    public String toString() {
        return "Connection[" + bootstrapServers + ", " + registryUrl + ", " + new TreeSet<>(properties.keySet()) + "]";
    }
}
