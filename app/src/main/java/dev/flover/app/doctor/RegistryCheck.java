package dev.flover.app.doctor;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.schemas.serdes.AvroSchemas;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Checks the schema registry: it answers, it accepts the credentials, and it has the contracts.
final class RegistryCheck {
    private static final int NOT_FOUND = 404;
    private static final int CACHED = 10;
    private static final String CHECK = "registry";

    private RegistryCheck() {}

    static Finding of(Connection connection, TopicNames topics) {
        var silence = connection.registrySilence();
        if (silence.isPresent()) {
            String[] sentence = silence.get().split("; ", 2);
            return Finding.fail(CHECK, sentence[0], sentence[1]);
        }
        var properties = new HashMap<String, Object>(Map.of("http.connect.timeout.ms", 3000,
                "http.read.timeout.ms", 5000, "max.retries", 0));
        properties.putAll(connection.registry());
        String where = connection.registryUrl();
        var urls = List.of(where.split(","));
        try (var client = SchemaRegistryClientFactory.newClient(
                urls, CACHED, List.of(new AvroSchemas()), properties, Map.of())) {
            int versions = client.getAllVersions(topics.requests() + "-value").size();
            return Finding.ok(CHECK, where + " answers, and has the schema of requests in " + versions
                    + (versions == 1 ? " version" : " versions"));
        } catch (RestClientException e) {
            return e.getStatus() == NOT_FOUND
                    ? Finding.ok(CHECK, where + " answers; `up` registers the schemas at its first start")
                    : Finding.fail(CHECK, where + " refuses: " + e.getMessage(),
                            "check registry.basic.auth.user.info or registry.bearer.auth.token");
        } catch (IOException | RuntimeException e) {
            return Finding.fail(CHECK, where + " does not answer as a registry: " + CommandException.reason(e),
                    "check --schema-registry-url and the TLS properties under registry.");
        }
    }
}
