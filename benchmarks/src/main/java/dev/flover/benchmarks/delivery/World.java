package dev.flover.benchmarks.delivery;

import dev.flover.app.connection.Connection;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.jspecify.annotations.Nullable;

/// The broker and the registry of a run, which exist as long as their folder, and the operations that disturb them.
///
/// ```
///   pipelines ──► broker ◄── readers, producers
///       └──► front ──► registry ◄── readers, producers
/// ```
final class World implements AutoCloseable {
    private static final Map<String, String> ANYBODY_MAY = Map.of(
            "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found", "true");
    /// Properties of the run's own clients, so that they wait for a broker that is restarted.
    private static final Map<String, String> PATIENT = Map.of("producer.delivery.timeout.ms", "120000",
            "producer.max.block.ms", "120000");
    private static final String ANYBODY = "User:ANONYMOUS";

    private final Path folder;
    private final EmbeddedRegistry registry;
    private final RegistryFront front;
    private EmbeddedBroker broker;
    private @Nullable StoppedProcess stopped;

    private World(Path folder) {
        this.folder = folder;
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
        front = RegistryFront.before(registry.url());
        broker = EmbeddedBroker.startTemporary(folder, ANYBODY_MAY);
    }

    /// Starts both. If this process is killed, the broker's process notices and deletes the folder.
    static World start(Path folder) {
        return new World(folder);
    }

    Connection connection() {
        return new Connection(broker.bootstrapServers(), registry.url(), PATIENT, Map.of());
    }

    /// Returns the address of the proxy in front of the registry, for the pipelines, which have to notice disturbances.
    String frontUrl() {
        return front.url();
    }

    void registry(RegistryFront.Manner manner) {
        front.behave(manner);
    }

    void pauseBroker() {
        stopped = StoppedProcess.stop(broker.pid());
    }

    void resumeBroker() {
        Objects.requireNonNull(stopped, "the broker is not paused").close();
        stopped = null;
    }

    /// Kills the broker by SIGKILL and returns when a new one serves.
    void restartBroker() {
        broker.kill();
        broker.close();
        broker = EmbeddedBroker.startTemporary(folder, ANYBODY_MAY);
    }

    void denyWrites(String topic) {
        withAdmin(admin -> admin.createAcls(List.of(onTopic(topic, AclOperation.ALL, AclPermissionType.ALLOW),
                onTopic(topic, AclOperation.WRITE, AclPermissionType.DENY))).all());
    }

    void allowWrites(String topic) {
        withAdmin(admin -> admin.deleteAcls(List.of(
                onTopic(topic, AclOperation.WRITE, AclPermissionType.DENY).toFilter(),
                onTopic(topic, AclOperation.ALL, AclPermissionType.ALLOW).toFilter())).all());
    }

    private static AclBinding onTopic(String topic, AclOperation operation, AclPermissionType type) {
        return new AclBinding(new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                new AccessControlEntry(ANYBODY, "*", operation, type));
    }

    /// @param bytesPerSecond the limit of each producer; null for none
    void quota(List<String> producers, @Nullable Double bytesPerSecond) {
        var alterations = producers.stream().map(client -> new ClientQuotaAlteration(
                new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, client)),
                List.of(new ClientQuotaAlteration.Op("producer_byte_rate", bytesPerSecond)))).toList();
        withAdmin(admin -> admin.alterClientQuotas(alterations).all());
    }

    private interface Order {
        KafkaFuture<?> give(Admin admin);
    }

    private void withAdmin(Order order) {
        try (var admin = Admin.create(new HashMap<>(connection().kafka()))) {
            order.give(admin).get();
        } catch (ExecutionException e) {
            throw new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (stopped != null) {
            stopped.close();
        }
        broker.close();
        front.close();
        registry.close();
    }
}
