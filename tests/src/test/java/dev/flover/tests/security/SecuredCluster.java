package dev.flover.tests.security;

import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;

/// A broker that accepts only SASL over TLS and authorizes each operation, and a registry behind TLS and credentials.
/// Passwords are random and differ in each run.
final class SecuredCluster implements AutoCloseable {
    private static final String PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule";
    private static final String SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule";
    private static final int SCRAM_ITERATIONS = 4096;

    private final Path folder;
    private final Certificate certificate;
    private final List<String> secrets = new ArrayList<>();
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;
    private final GuardedRegistry guard;
    private final Admin operator;

    SecuredCluster(Path folder) throws Exception {
        this.folder = folder;
        certificate = Certificate.create(folder, secret());
        String password = secret();
        broker = EmbeddedBroker.start(folder.resolve("broker"), brokerSettings(password));
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
        guard = new GuardedRegistry(registry.url(), certificate.context());
        var properties = new HashMap<String, Object>(client(login(PLAIN, "broker", password), "PLAIN"));
        properties.put("bootstrap.servers", broker.bootstrapServers());
        operator = Admin.create(properties);
        operator.createAcls(Grants.listed()).all().get();
    }

    private String secret() {
        String secret = UUID.randomUUID().toString();
        secrets.add(secret);
        return secret;
    }

    private Map<String, String> brokerSettings(String password) {
        String own = PLAIN + " required username=\"broker\" password=\"" + password + "\" user_broker=\"" + password
                + "\";";
        var settings = new HashMap<>(Map.of(
                "listener.security.protocol.map", "CLIENT:SASL_SSL,CONTROLLER:SASL_SSL",
                "sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256",
                "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "sasl.mechanism.controller.protocol", "PLAIN",
                "listener.name.client.plain.sasl.jaas.config", own,
                "listener.name.client.scram-sha-256.sasl.jaas.config", SCRAM + " required;",
                "listener.name.controller.sasl.enabled.mechanisms", "PLAIN",
                "listener.name.controller.plain.sasl.jaas.config", own,
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users", "User:broker"));
        settings.put("ssl.keystore.location", certificate.keyStore().toString());
        settings.put("ssl.keystore.password", certificate.password());
        settings.put("ssl.truststore.location", certificate.trustStore().toString());
        settings.put("ssl.truststore.password", certificate.password());
        return settings;
    }

    private static String login(String module, String user, String password) {
        return module + " required username=\"" + user + "\" password=\"" + password + "\";";
    }

    private Map<String, String> client(String login, String mechanism) {
        return Map.of("security.protocol", "SASL_SSL", "sasl.mechanism", mechanism, "sasl.jaas.config", login,
                "ssl.truststore.location", certificate.trustStore().toString(),
                "ssl.truststore.password", certificate.password());
    }

    /// Adds a principal to the broker, and to the registry with the same name and password.
    ///
    /// @return the principal's properties file for `--client-properties`
    Path userWithPassword(String name) throws Exception {
        String password = newUser(name);
        guard.admitUser(name, password);
        return write(name, password, Map.of(
                "basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", name + ":" + password));
    }

    /// Adds a principal that authenticates to the registry with a bearer token.
    ///
    /// @return the principal's properties file for `--client-properties`
    Path userWithToken(String name) throws Exception {
        String token = secret();
        guard.admitToken(token);
        return write(name, newUser(name),
                Map.of("bearer.auth.credentials.source", "STATIC_TOKEN", "bearer.auth.token", token));
    }

    /// Writes the properties file of a user with a guessed password.
    Path guess(String name) throws IOException {
        return write(name, secret(), Map.of());
    }

    private String newUser(String name) throws Exception {
        String password = secret();
        operator.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(
                name, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS), password))).all().get();
        return password;
    }

    private Path write(String name, String password, Map<String, String> registryProperties) throws IOException {
        var properties = new Properties();
        properties.putAll(client(login(SCRAM, name, password), "SCRAM-SHA-256"));
        properties.putAll(registryProperties);
        properties.put("schema.registry.ssl.truststore.location", certificate.trustStore().toString());
        properties.put("schema.registry.ssl.truststore.password", certificate.password());
        properties.put("schema.registry.ssl.truststore.type", "PKCS12");
        var file = Files.createTempFile(folder, name, ".properties");
        try (var out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        }
        return file;
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    GuardedRegistry guard() {
        return guard;
    }

    /// Returns an admin client with the rights of the cluster's owner.
    Admin operator() {
        return operator;
    }

    List<String> secrets() {
        return secrets;
    }

    @Override
    public void close() {
        operator.close();
        guard.close();
        registry.close();
        broker.close();
    }
}
