package dev.flover.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.confluent.kafka.schemaregistry.CompatibilityChecker;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares each contract and each stored form with all its released versions, by the compatibility check of
/// Confluent's registry.
///
/// A release adds a folder `released/VERSION` with its contracts as registered and its stored forms. Compatibility is
/// required in both directions, because writers and readers are upgraded at different times.
class ReleasedContractsTest {
    private static final CompatibilityChecker BOTH_WAYS = CompatibilityChecker.FULL_TRANSITIVE_CHECKER;

    static List<Schema> contracts() {
        return List.of(GenerationRequest.getClassSchema(), TokenChunk.getClassSchema(),
                GenerationResult.getClassSchema());
    }

    @ParameterizedTest
    @MethodSource("contracts")
    void readsAndIsReadByEveryRelease(Schema contract) throws Exception {
        var released = released(contract.getName());

        assertThat(released).isNotEmpty();
        assertThat(BOTH_WAYS.isCompatible(new AvroSchema(contract), released)).isEmpty();
    }

    static List<Schema> stored() {
        return List.of(StoredRequest.getClassSchema(), StoredProgress.getClassSchema(),
                StoredAttempts.getClassSchema(), EndedRequest.getClassSchema(), ParkedRecord.getClassSchema());
    }

    /// A stored form that grows only by fields with defaults is read by every release, and reads what every release
    /// wrote.
    @ParameterizedTest
    @MethodSource("stored")
    void storedFormGrowsByFieldsWithDefaults(Schema form) throws Exception {
        assertThat(BOTH_WAYS.isCompatible(new AvroSchema(form), released(form.getName()))).isEmpty();
    }

    /// Stored records of version 1 name no schema: they are read with the schema of the first release.
    @ParameterizedTest
    @MethodSource("stored")
    void theFirstStoredFormStaysAsItWasReleased(Schema form) throws Exception {
        var kept = new Schema.Parser().parse(
                ReleasedContractsTest.class.getResourceAsStream("stored/1/" + form.getName() + ".avsc"));
        assertThat(kept).isEqualTo(released(form.getName()).getFirst().rawSchema());
    }

    @ParameterizedTest
    @MethodSource("contracts")
    void aNewFieldWithoutDefaultWouldBeFound(Schema contract) throws Exception {
        var broken = contract.toString().replaceFirst("\"fields\":\\[",
                "\"fields\":[{\"name\":\"novel\",\"type\":\"int\"},");

        assertThat(BOTH_WAYS.isCompatible(new AvroSchema(broken), released(contract.getName())))
                .anyMatch(message -> message.contains("novel"));
    }

    @ParameterizedTest
    @MethodSource("contracts")
    void aRenamedFieldWouldBeFound(Schema contract) throws Exception {
        var first = contract.getFields().getFirst().name();
        var broken = contract.toString().replaceFirst("\"name\":\"" + first + "\"", "\"name\":\"renamed\"");

        assertThat(BOTH_WAYS.isCompatible(new AvroSchema(broken), released(contract.getName())))
                .anyMatch(message -> message.contains(first));
    }

    private static List<AvroSchema> released(String contract) throws IOException, URISyntaxException {
        var folder = Path.of(ReleasedContractsTest.class.getResource("/released").toURI());
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.endsWith(contract + ".avsc")).sorted()
                    .map(ReleasedContractsTest::parsed).toList();
        }
    }

    private static AvroSchema parsed(Path file) {
        try {
            return new AvroSchema(Files.readString(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
