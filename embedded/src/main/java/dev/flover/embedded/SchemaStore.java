package dev.flover.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.SchemaProvider;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaVersionFetcher;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaRequest;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/// The subjects of the registry with their versions, and the schemas by id. Not thread-safe.
///
/// The rules are those of Confluent's registry: ids count up over all subjects, a schema has the same id in every
/// subject, and the number of a deleted version is not used again.
final class SchemaStore {
    private static final int LATEST = -1;

    private final NavigableMap<String, NavigableMap<Integer, Version>> subjects = new TreeMap<>();
    private final NavigableMap<Integer, ParsedSchema> schemas = new TreeMap<>();
    private final SchemaProvider avro = new AvroSchemaProvider();
    private long revision;

    /// A version of a subject. Deleted versions are still returned to calls that ask for them.
    record Version(String subject, int number, int id, ParsedSchema schema, boolean deleted) {
        Schema entity() {
            return new Schema(subject, number, id, schema);
        }

        private Version withDeleted() {
            return new Version(subject, number, id, schema, true);
        }
    }

    SchemaStore() {
        avro.configure(Map.of(SchemaProvider.SCHEMA_VERSION_FETCHER_CONFIG, new References()));
    }

    /// Parses the schema of a call, with its references resolved.
    ParsedSchema parse(String subject, RegisterSchemaRequest request, boolean normalize) throws RegistryError {
        var entity = new Schema(subject, request);
        if (entity.getSchema() == null || !avro.schemaType().equals(entity.getSchemaType())) {
            throw RegistryError.invalidSchema("expected an AVRO schema, found a " + entity.getSchemaType() + " one");
        }
        try {
            var parsed = avro.parseSchemaOrElseThrow(entity, true, normalize);
            return normalize ? parsed.normalize() : parsed;
        } catch (RuntimeException e) {
            throw RegistryError.invalidSchema(String.valueOf(e.getMessage()));
        }
    }

    /// Adds a version unless the subject already has the schema, and returns the version with that schema.
    Version register(String subject, ParsedSchema schema) {
        var versions = subjects.computeIfAbsent(subject, name -> new TreeMap<>());
        var existing = find(live(versions), schema);
        if (existing.isPresent()) {
            return existing.get();
        }
        int number = versions.isEmpty() ? 1 : versions.lastKey() + 1;
        var version = new Version(subject, number, idOf(schema), schema, false);
        versions.put(number, version);
        revision++;
        return version;
    }

    List<String> subjects(boolean withDeleted) {
        return subjects.entrySet().stream()
                .filter(subject -> withDeleted || !live(subject.getValue()).isEmpty())
                .map(Map.Entry::getKey).toList();
    }

    /// @throws RegistryError if the subject has no version, or only deleted ones while `withDeleted` is false
    List<Version> versions(String subject, boolean withDeleted) throws RegistryError {
        var all = subjects.getOrDefault(subject, new TreeMap<>());
        var found = withDeleted ? List.copyOf(all.values()) : live(all);
        if (found.isEmpty()) {
            throw RegistryError.subjectNotFound(subject);
        }
        return found;
    }

    /// @param version a number, or `latest` or -1 for the newest
    Version version(String subject, String version, boolean withDeleted) throws RegistryError {
        var candidates = versions(subject, withDeleted);
        int number = number(version);
        if (number == LATEST) {
            return candidates.getLast();
        }
        return candidates.stream().filter(candidate -> candidate.number() == number).findFirst()
                .orElseThrow(() -> RegistryError.versionNotFound(version));
    }

    Version lookup(String subject, ParsedSchema schema, boolean withDeleted) throws RegistryError {
        return find(versions(subject, withDeleted), schema).orElseThrow(RegistryError::schemaNotFound);
    }

    ParsedSchema schema(int id) throws RegistryError {
        var schema = schemas.get(id);
        if (schema == null) {
            throw RegistryError.schemaIdNotFound(id);
        }
        return schema;
    }

    /// @throws RegistryError if no schema has the GUID
    ParsedSchema schema(UUID guid) throws RegistryError {
        return schemas.values().stream().filter(schema -> guid(schema).equals(guid)).findFirst()
                .orElseThrow(RegistryError::schemaNotFound);
    }

    /// Returns the GUID of a schema. It is computed from the schema alone, so it is the same in every embedded
    /// registry.
    static UUID guid(ParsedSchema schema) {
        return UUID.nameUUIDFromBytes((schema.canonicalString() + schema.references()).getBytes(UTF_8));
    }

    /// Returns a number that grows with every change of the stored subjects.
    long revision() {
        return revision;
    }

    int maxId() {
        return schemas.isEmpty() ? 0 : schemas.lastKey();
    }

    /// Returns every version, in any subject, of the schema with that id.
    List<Version> versionsOf(int id, boolean withDeleted) throws RegistryError {
        schema(id);
        return subjects.values().stream().map(NavigableMap::values).flatMap(Collection::stream)
                .filter(version -> version.id() == id && (withDeleted || !version.deleted())).toList();
    }

    /// Deletes a subject's versions and returns their numbers. A permanent deletion requires that they were deleted
    /// before.
    List<Integer> deleteSubject(String subject, boolean permanently) throws RegistryError {
        var doomed = versions(subject, permanently);
        if (permanently && doomed.stream().anyMatch(Predicate.not(Version::deleted))) {
            throw RegistryError.subjectNotDeletedFirst(subject);
        }
        doomed.forEach(version -> remove(version, permanently));
        return doomed.stream().map(Version::number).toList();
    }

    int deleteVersion(String subject, String version, boolean permanently) throws RegistryError {
        var doomed = version(subject, version, permanently);
        if (permanently && !doomed.deleted()) {
            throw RegistryError.versionNotDeletedFirst(subject, doomed.number());
        }
        remove(doomed, permanently);
        return doomed.number();
    }

    private static int number(String version) throws RegistryError {
        if (version.equals("latest")) {
            return LATEST;
        }
        try {
            int number = Integer.parseInt(version);
            if (number < 1 && number != LATEST) {
                throw RegistryError.invalidVersion(version);
            }
            return number;
        } catch (NumberFormatException e) {
            throw RegistryError.invalidVersion(version);
        }
    }

    private void remove(Version version, boolean permanently) {
        revision++;
        var versions = Objects.requireNonNull(subjects.get(version.subject()));
        if (permanently) {
            versions.remove(version.number());
        } else {
            versions.put(version.number(), version.withDeleted());
        }
    }

    private int idOf(ParsedSchema schema) {
        for (var known : schemas.entrySet()) {
            if (known.getValue().equals(schema)) {
                return known.getKey();
            }
        }
        int id = maxId() + 1;
        schemas.put(id, schema);
        return id;
    }

    private static Optional<Version> find(List<Version> versions, ParsedSchema schema) {
        return versions.stream().filter(version -> version.schema().equals(schema)).findFirst();
    }

    private static List<Version> live(NavigableMap<Integer, Version> versions) {
        return versions.values().stream().filter(Predicate.not(Version::deleted)).toList();
    }

    /// Finds the schemas to which a schema refers.
    private final class References implements SchemaVersionFetcher {
        @Override
        public String tenant() {
            return "default";
        }

        @Override
        public Schema getByVersion(String subject, int version, boolean lookupDeleted) {
            try {
                return version(subject, Integer.toString(version), lookupDeleted).entity();
            } catch (RegistryError e) {
                throw new IllegalStateException("referenced schema: " + e.getMessage(), e);
            }
        }
    }
}
