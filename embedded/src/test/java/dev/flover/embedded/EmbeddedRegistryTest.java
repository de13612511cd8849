package dev.flover.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.entities.Config;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.apache.avro.SchemaBuilder;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs Confluent's own client against the embedded registry.
class EmbeddedRegistryTest {
    private static final String SUBJECT = "generation/tokens value";      // must survive percent-encoding
    private static final AvroSchema FIRST = new AvroSchema(
            SchemaBuilder.record("R").fields().requiredString("a").endRecord());
    private static final AvroSchema COMPATIBLE = new AvroSchema(
            SchemaBuilder.record("R").fields().requiredString("a").optionalInt("b").endRecord());
    private static final AvroSchema INCOMPATIBLE = new AvroSchema(
            SchemaBuilder.record("R").fields().requiredString("a").requiredInt("b").endRecord());

    @TempDir
    private Path folder;

    private EmbeddedRegistry registry;

    @BeforeEach
    void start() {
        registry = EmbeddedRegistry.start(folder);
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void registersOnceAndFindsBySubjectVersionAndId() throws Exception {
        var client = client();
        int id = client.register(SUBJECT, FIRST);
        int second = client.register(SUBJECT, COMPATIBLE);

        assertThat(client().register(SUBJECT, FIRST)).isEqualTo(id);
        assertThat(client().register("another", FIRST)).isEqualTo(id);
        assertThat(second).isEqualTo(id + 1);
        assertThat(client().getSchemaById(second)).isEqualTo(COMPATIBLE);
        assertThat(client().getAllVersions(SUBJECT)).containsExactly(1, 2);
        assertThat(client().getAllSubjects()).containsExactly("another", SUBJECT);
        assertThat(client().getSchemaMetadata(SUBJECT, 1).getSchema()).isEqualTo(FIRST.canonicalString());
        assertThat(client().getLatestSchemaMetadata(SUBJECT).getId()).isEqualTo(second);
        assertThat(client().getVersion(SUBJECT, COMPATIBLE)).isEqualTo(2);
        assertThat(client().getId(SUBJECT, COMPATIBLE)).isEqualTo(second);
        assertThat(client().getAllSubjectsById(id)).containsExactlyInAnyOrder(SUBJECT, "another");
        assertThat(client().getAllVersionsById(second)).singleElement()
                .satisfies(use -> assertThat(use.getVersion()).isEqualTo(2));
    }

    @Test
    void refusesWhatTheCompatibilityLevelForbids() throws Exception {
        client().register(SUBJECT, FIRST);

        assertThat(client().getCompatibility(null)).isEqualTo("BACKWARD");
        assertThat(client().testCompatibility(SUBJECT, COMPATIBLE)).isTrue();
        assertThat(client().testCompatibility(SUBJECT, INCOMPATIBLE)).isFalse();
        assertThat(client().testCompatibilityVerbose(SUBJECT, INCOMPATIBLE))
                .anyMatch(message -> message.contains("READER_FIELD_MISSING_DEFAULT_VALUE"));
        assertThat(codeOf(() -> client().register(SUBJECT, INCOMPATIBLE))).isEqualTo(409);

        client().updateConfig(SUBJECT, new Config("NONE"));
        assertThat(client().getConfig(SUBJECT).getCompatibilityLevel()).isEqualTo("NONE");
        assertThat(client().register(SUBJECT, INCOMPATIBLE)).isPositive();
    }

    @Test
    void errorsCarryConfluentsCodes() throws Exception {
        client().register(SUBJECT, FIRST);

        assertThat(codeOf(() -> client().getAllVersions("nobody"))).isEqualTo(40401);
        assertThat(codeOf(() -> client().getSchemaMetadata(SUBJECT, 7))).isEqualTo(40402);
        assertThat(codeOf(() -> client().getSchemaById(4711))).isEqualTo(40403);
        assertThat(codeOf(() -> client().getVersion(SUBJECT, COMPATIBLE))).isEqualTo(40403);
        assertThat(codeOf(() -> client().getConfig(SUBJECT))).isEqualTo(40408);
        assertThat(codeOf(() -> client().updateConfig(SUBJECT, new Config("SOMETIMES")))).isEqualTo(42203);
        assertThat(post("/subjects/s/versions", "{\"schema\": \"{\\\"type\\\": \\\"recor\\\"}\"}"))
                .contains("\"error_code\":42201");
        assertThat(post("/subjects/s/versions", "not json")).contains("\"error_code\":422");
        assertThat(post("/subjects/s/versions", "{\"schema\": \"{}\", \"schemaType\": \"PROTOBUF\"}"))
                .contains("\"error_code\":42201");
        assertThat(post("/nowhere", "{}")).contains("\"error_code\":404");
        assertThat(get("/subjects/a/versions/1")).contains("\"error_code\":40401");
    }

    @Test
    void schemasMayReferToOthers() throws Exception {
        client().register("part", new AvroSchema("""
                {"type": "record", "name": "Part", "fields": [{"name": "size", "type": "int"}]}"""));
        var answer = post("/subjects/whole/versions", """
                {"schema": "{\\"type\\": \\"record\\", \\"name\\": \\"W\\", \
                            \\"fields\\": [{\\"name\\": \\"p\\", \\"type\\": \\"Part\\"}]}",
                 "references": [{"name": "Part", "subject": "part", "version": 1}]}""");
        assertThat(answer).contains("\"id\":2");
        assertThat(client().getSchemaById(2).references()).containsExactly(new SchemaReference("Part", "part", 1));
    }

    @Test
    void deletedVersionsLeaveTheirIdsAndNumbers() throws Exception {
        int id = client().register(SUBJECT, FIRST);
        client().register(SUBJECT, COMPATIBLE);

        assertThat(client().deleteSchemaVersion(SUBJECT, "2")).isEqualTo(2);
        assertThat(client().getAllVersions(SUBJECT)).containsExactly(1);
        assertThat(client().getSchemaById(id + 1)).isEqualTo(COMPATIBLE);
        client().register(SUBJECT, COMPATIBLE);
        assertThat(client().getAllVersions(SUBJECT)).containsExactly(1, 3);

        assertThat(codeOf(() -> client().deleteSubject(SUBJECT, true))).isEqualTo(40405);
        assertThat(client().deleteSubject(SUBJECT)).containsExactly(1, 3);
        assertThat(codeOf(() -> client().getAllVersions(SUBJECT))).isEqualTo(40401);
        assertThat(client().deleteSubject(SUBJECT, true)).containsExactly(1, 2, 3);
    }

    @Test
    void readOnlySubjectRefusesNewSchemas() throws Exception {
        client().setMode("READONLY", SUBJECT);
        assertThat(client().getMode(SUBJECT)).isEqualTo("READONLY");
        assertThat(client().getMode()).isEqualTo("READWRITE");
        assertThat(codeOf(() -> client().register(SUBJECT, FIRST))).isEqualTo(42205);
    }

    @Test
    void everythingIsThereAfterARestart() throws Exception {
        int first = client().register(SUBJECT, FIRST);
        int second = client().register(SUBJECT, COMPATIBLE);
        client().updateConfig(SUBJECT, new Config("FULL"));
        registry.close();
        // A line without its end, as if the process had died while it wrote.
        Files.writeString(journal(), "{\"method\":\"POST\",\"pa", StandardOpenOption.APPEND);

        start();

        assertThat(client().getSchemaById(first)).isEqualTo(FIRST);
        assertThat(client().getId(SUBJECT, COMPATIBLE)).isEqualTo(second);
        assertThat(client().getConfig(SUBJECT).getCompatibilityLevel()).isEqualTo("FULL");
        assertThat(client().register("third", new AvroSchema("\"long\""))).isEqualTo(second + 1);
        registry.close();
        start();
        assertThat(client().getSchemaById(second + 1)).isEqualTo(new AvroSchema("\"long\""));
    }

    @Test
    void journalGrowsOnlyWithChanges() throws Exception {
        client().register(SUBJECT, FIRST);
        long size = Files.size(journal());

        client().register(SUBJECT, FIRST);
        client().getVersion(SUBJECT, FIRST);
        client().testCompatibility(SUBJECT, COMPATIBLE);
        codeOf(() -> client().register(SUBJECT, INCOMPATIBLE));

        assertThat(Files.size(journal())).isEqualTo(size);
    }

    @Test
    void aRestartIsFoundAtTheSamePortUnlessAnotherIsAskedFor() {
        String address = registry.url();
        registry.close();
        registry = EmbeddedRegistry.start(folder);
        assertThat(registry.url()).isEqualTo(address);

        registry.close();
        registry = EmbeddedRegistry.start(folder, 0);
        assertThat(registry.url()).isNotEqualTo(address);
    }

    @Test
    void aPortThatWasTakenMeanwhileIsNotLeft() throws IOException {
        int port = URI.create(registry.url()).getPort();
        registry.close();
        try (var taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            assertThat(taken.isBound()).isTrue();
            assertThatThrownBy(() -> EmbeddedRegistry.start(folder)).isInstanceOf(EmbeddedServerException.class)
                    .hasMessageContaining("expected port " + port + " on 127.0.0.1 to be free")
                    .hasMessageContaining("--registry-port");
        }
        registry = EmbeddedRegistry.start(folder);
    }

    @Test
    void portInUseIsSaid() {
        int port = URI.create(registry.url()).getPort();
        assertThatThrownBy(() -> EmbeddedRegistry.start(folder.resolve("second"), port))
                .isInstanceOf(EmbeddedServerException.class)
                .hasMessageContaining("expected port " + port + " on 127.0.0.1 to be free");
    }

    private Path journal() {
        return folder.resolve("registry.jsonl");
    }

    /// Makes a new client for each call, since a client caches the registry's answers.
    private SchemaRegistryClient client() {
        return new CachedSchemaRegistryClient(registry.url(), 10, Map.of());
    }

    private static int codeOf(ThrowingCallable call) {
        try {
            call.call();
        } catch (RestClientException e) {
            return e.getErrorCode();
        } catch (Throwable e) {
            throw new AssertionError("expected an answer of the registry", e);
        }
        throw new AssertionError("expected an error");
    }

    private String get(String path) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(registry.url() + path)).GET());
    }

    private String post(String path, String body) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(registry.url() + path))
                .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8)));
    }

    private static String send(HttpRequest.Builder request) throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
        }
    }
}
