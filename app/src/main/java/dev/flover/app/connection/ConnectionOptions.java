package dev.flover.app.connection;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.Option;

/// `--bootstrap-servers`, `--schema-registry-url`, `--client-properties`.
public final class ConnectionOptions {
    private static final String DEFAULT_BOOTSTRAP = "127.0.0.1:9092";
    private static final String DEFAULT_REGISTRY = "http://127.0.0.1:8081";

    @Option(names = "--bootstrap-servers", paramLabel = "HOST:PORT,...",
            description = "The Kafka cluster. Default: $FLOVER_BOOTSTRAP_SERVERS, or the one of a `flover up` that "
                    + "runs on this machine, or " + DEFAULT_BOOTSTRAP + ".")
    private String bootstrapServers = given("FLOVER_BOOTSTRAP_SERVERS");

    @Option(names = "--schema-registry-url", paramLabel = "URL",
            description = "A registry that speaks Confluent's REST interface. Default: $FLOVER_SCHEMA_REGISTRY_URL, or "
                    + "the one of a `flover up` that runs on this machine, or " + DEFAULT_REGISTRY + ".")
    private String registryUrl = given("FLOVER_SCHEMA_REGISTRY_URL");

    @Option(names = "--client-properties", paramLabel = "FILE",
            description = "Further properties of the Kafka and registry clients (security.protocol, sasl.jaas.config, "
                    + "basic.auth.user.info, ...), as a Java properties file: the place of passwords. "
                    + "Default: $FLOVER_CLIENT_PROPERTIES.")
    private Path clientProperties = fromEnvironment();

    private static Path fromEnvironment() {
        String file = given("FLOVER_CLIENT_PROPERTIES");
        return file == null ? null : Path.of(file);
    }

    /// An empty variable says nothing.
    private static String given(String variable) {
        String value = System.getenv(variable);
        return value == null || value.isBlank() ? null : value;
    }

    /// Whether the user said where Kafka is.
    public boolean given() {
        return bootstrapServers != null || registryUrl != null;
    }

    /// What was asked for, or what runs here.
    public Connection connection() {
        Optional<RunningPipeline> running = given() ? Optional.empty() : RunningPipeline.find();
        return new Connection(
                bootstrapServers != null ? bootstrapServers
                        : running.map(RunningPipeline::bootstrapServers).orElse(DEFAULT_BOOTSTRAP),
                registryUrl != null ? registryUrl
                        : running.map(RunningPipeline::registryUrl).orElse(DEFAULT_REGISTRY),
                properties());
    }

    private Map<String, String> properties() {
        var properties = new HashMap<String, String>();
        if (clientProperties != null) {
            var file = new Properties();
            try (var in = Files.newBufferedReader(clientProperties)) {
                file.load(in);
            } catch (IOException e) {
                throw InputFile.unreadable(clientProperties.toString(), e);
            } catch (IllegalArgumentException e) {
                throw new CommandException("--client-properties: " + clientProperties
                        + " is no properties file: " + e.getMessage(), e);
            }
            file.stringPropertyNames().forEach(name -> properties.put(name, file.getProperty(name)));
        }
        return properties;
    }
}
