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
import java.util.Optional;
import java.util.TreeSet;

/// The addresses of a Kafka cluster and its schema registry, with the properties of their clients.
///
/// @param bootstrapServers `host:port`, separated by commas
/// @param registryUrl      URL of a registry with Confluent's REST interface; several are separated by commas
/// @param kafkaProperties  further properties of Kafka's clients; they may contain secrets
/// @param ofRegistry       further properties of the registry's client; they may contain secrets
public record Connection(
        String bootstrapServers, String registryUrl, Map<String, String> kafkaProperties,
        Map<String, String> ofRegistry) {
    /// The registry's property that says where its credentials come from. The value `SASL_INHERIT` means the SASL user
    /// of the Kafka clients, whose properties the registry's client then needs, too.
    private static final String CREDENTIALS_SOURCE = "basic.auth.credentials.source";
    private static final String TLS = "ssl.";
    private static final String REGISTRY_TLS = "schema.registry.ssl.";
    private static final int CONNECT_TIMEOUT_MS = 3000;
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    /// Prefixes of properties that are meant for one kind of Kafka client only.
    private static final List<String> KINDS =
            List.of("main.consumer.", "restore.consumer.", "global.consumer.", "consumer.", "producer.", "admin.");

    public Connection {
        kafkaProperties = Map.copyOf(kafkaProperties);
        ofRegistry = Map.copyOf(ofRegistry);
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
                    + "basic.auth.user.info=USER:PASSWORD into the file of --client-properties, or the same after "
                    + "registry. into that of --config");
        }
    }

    public static Connection of(String bootstrapServers, String registryUrl) {
        return new Connection(bootstrapServers, registryUrl, Map.of(), Map.of());
    }

    /// Returns the configuration of Kafka Streams, including the prefixed properties for one kind of client.
    public Map<String, String> kafka() {
        var kafka = new HashMap<>(kafkaProperties);
        kafka.put("bootstrap.servers", bootstrapServers);
        return kafka;
    }

    public Map<String, String> producer() {
        return client("producer.");
    }

    public Map<String, String> admin() {
        return client("admin.");
    }

    public Map<String, String> consumer() {
        return client("consumer.");
    }

    /// Returns the properties for all clients, overridden by those for one kind of client.
    private Map<String, String> client(String kind) {
        var client = new HashMap<String, String>();
        kafka().forEach((name, value) -> {
            if (KINDS.stream().noneMatch(name::startsWith)) {
                client.put(name, value);
            }
        });
        kafkaProperties.forEach((name, value) -> {
            if (name.startsWith(kind)) {
                client.put(name.substring(kind.length()), value);
            }
        });
        return client;
    }

    /// Returns the configuration of a registry client. Its TLS properties get the prefix that this client expects.
    public Map<String, String> registry() {
        var registry = new HashMap<String, String>();
        ofRegistry.forEach((name, value) -> registry.put(
                name.startsWith(TLS) ? REGISTRY_TLS + name.substring(TLS.length()) : name, value));
        if ("SASL_INHERIT".equals(ofRegistry.get(CREDENTIALS_SOURCE))) {
            kafkaProperties.forEach((name, value) -> {
                if (name.startsWith("sasl.")) {
                    registry.putIfAbsent(name, value);
                }
            });
        }
        registry.put("schema.registry.url", registryUrl);
        return registry;
    }

    /// Connects to the addresses, to report an unreachable server at once and not after the clients' long timeouts.
    ///
    /// @throws CommandException if no broker or no registry accepts a connection
    public void check() {
        brokerSilence().or(this::registrySilence).ifPresent(sentence -> {
            throw new CommandException(sentence);
        });
    }

    /// Connects to the brokers; a sentence if none accepts a connection, otherwise empty.
    public Optional<String> brokerSilence() {
        return addresses().stream().anyMatch(Connection::answers) ? Optional.empty()
                : Optional.of("no Kafka broker answers at " + bootstrapServers
                        + "; start one with `flover up --embedded`, or give --bootstrap-servers");
    }

    /// Connects to the registry; a sentence if none accepts a connection, otherwise empty.
    public Optional<String> registrySilence() {
        return registryAddresses().stream().anyMatch(Connection::answers) ? Optional.empty()
                : Optional.of("no schema registry answers at " + registryUrl
                        + "; start one with `flover up --embedded`, or give --schema-registry-url");
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
                        "bootstrap-servers must be host:port, or several separated by commas, was " + server, e);
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
                throw new CommandException("schema-registry-url must be a URL such as http://localhost:8081, or "
                        + "several separated by commas, was " + text, e);
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

    /// Prints the names of the properties without their values, because some are secrets.
    @Override
    public String toString() {
        return "Connection[" + bootstrapServers + ", " + registryUrl + ", " + new TreeSet<>(kafkaProperties.keySet())
                + ", " + new TreeSet<>(ofRegistry.keySet()) + "]";
    }
}
