package dev.flover.embedded;

import io.confluent.kafka.schemaregistry.CompatibilityChecker;
import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.client.rest.entities.Config;
import io.confluent.kafka.schemaregistry.client.rest.entities.Mode;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaString;
import io.confluent.kafka.schemaregistry.client.rest.entities.SubjectVersion;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.CompatibilityCheckResponse;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.ConfigUpdateRequest;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.ModeUpdateRequest;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaRequest;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaResponse;
import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// The REST API of the registry: carries out each call on the store. Not thread-safe.
///
/// | path | GET | POST | PUT | DELETE |
/// |---|---|---|---|---|
/// | `/subjects` | names | | | |
/// | `/subjects/S` | | look up | | delete |
/// | `/subjects/S/versions` | numbers | register | | |
/// | `/subjects/S/versions/V` | version | | | delete |
/// | `/schemas/ids/I`, `.../versions`, `.../subjects` | schema, its uses | | | |
/// | `/schemas/guids/G` | schema | | | |
/// | `/compatibility/subjects/S/versions`, `.../V` | | check | | |
/// | `/config`, `/config/S`, `/mode`, `/mode/S` | read | | set | unset |
final class RegistryApi {
    private static final CompatibilityLevel DEFAULT_LEVEL = CompatibilityLevel.BACKWARD;

    private final SchemaStore store = new SchemaStore();
    private final SubjectSettings<CompatibilityLevel> levels = new SubjectSettings<>(DEFAULT_LEVEL);
    private final SubjectSettings<String> modes = new SubjectSettings<>("READWRITE");

    /// Returns the answer to a call, to be written as JSON.
    Object answer(RegistryCall call) throws RegistryError {
        var path = call.segments();
        return switch (path.isEmpty() ? "" : path.getFirst()) {
            case "" -> Map.of();
            case "subjects" -> subjects(call, path);
            case "schemas" -> schemas(call, path);
            case "compatibility" -> compatibility(call, path);
            case "config" -> config(call, path);
            case "mode" -> mode(call, path);
            case "contexts" -> List.of(".");
            case "v1" -> Map.of("version", "7.9.5", "commitId", "embedded", "id", "embedded", "scope", Map.of());
            default -> throw RegistryError.resourceNotFound();
        };
    }

    /// Returns a number that grows with every change of the registry, so that a call that leaves it equal has changed
    /// nothing.
    long revision() {
        return store.revision() + levels.revision() + modes.revision();
    }

    private Object subjects(RegistryCall call, List<String> path) throws RegistryError {
        boolean versions = path.size() >= 3 && path.get(2).equals("versions");
        if (path.size() == 1) {
            return switch (call.method()) {
                case "GET" -> store.subjects(call.flag("deleted")).stream()
                        .filter(subject -> subject.startsWith(call.parameter("subjectPrefix", ""))).toList();
                default -> throw RegistryError.methodNotAllowed();
            };
        }
        var subject = path.get(1);
        if (path.size() == 2) {
            return switch (call.method()) {
                case "POST" -> entity(store.lookup(subject, parsed(subject, call), call.flag("deleted")));
                case "DELETE" -> store.deleteSubject(subject, call.flag("permanent"));
                default -> throw RegistryError.methodNotAllowed();
            };
        }
        if (versions && path.size() == 3) {
            return switch (call.method()) {
                case "GET" -> store.versions(subject, call.flag("deleted")).stream()
                        .map(SchemaStore.Version::number).toList();
                case "POST" -> register(subject, call);
                default -> throw RegistryError.methodNotAllowed();
            };
        }
        if (versions) {
            return version(call, subject, path.get(3), path.subList(4, path.size()));
        }
        throw RegistryError.resourceNotFound();
    }

    private Object version(RegistryCall call, String subject, String version, List<String> rest) throws RegistryError {
        if (call.method().equals("DELETE") && rest.isEmpty()) {
            return store.deleteVersion(subject, version, call.flag("permanent"));
        }
        if (!call.method().equals("GET")) {
            throw RegistryError.methodNotAllowed();
        }
        var found = store.version(subject, version, call.flag("deleted"));
        return switch (String.join("/", rest)) {
            case "" -> entity(found);
            case "schema" -> new RawJson(found.schema().canonicalString());
            case "referencedby" -> List.of();
            default -> throw RegistryError.resourceNotFound();
        };
    }

    private static Object entity(SchemaStore.Version version) {
        return withGuid(version.entity(), version.schema());
    }

    /// Adds the GUID to an answer, because the entities of this release of Confluent's library lack it.
    private static Object withGuid(Object entity, ParsedSchema schema) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Map<?, ?> known = JacksonMapper.INSTANCE.convertValue(entity, Map.class);
        known.forEach((name, value) -> fields.put(String.valueOf(name), value));
        fields.put("guid", SchemaStore.guid(schema).toString());
        return fields;
    }

    private Object register(String subject, RegistryCall call) throws RegistryError {
        var schema = parsed(subject, call);
        if (modes.of(subject).equals("READONLY")) {
            throw RegistryError.readOnly(subject);
        }
        if (isNew(subject, schema)) {
            var differences = differences(subject, schema, versionsOrNone(subject));
            if (!differences.isEmpty()) {
                throw RegistryError.incompatible(subject, String.join(", ", differences));
            }
        }
        return withGuid(new RegisterSchemaResponse(store.register(subject, schema).id()), schema);
    }

    private boolean isNew(String subject, ParsedSchema schema) {
        return versionsOrNone(subject).stream().noneMatch(version -> version.schema().equals(schema));
    }

    private Object schemas(RegistryCall call, List<String> path) throws RegistryError {
        if (!call.method().equals("GET")) {
            throw RegistryError.methodNotAllowed();
        }
        if (path.equals(List.of("schemas", "types"))) {
            return List.of("AVRO");
        }
        if (path.size() == 3 && path.get(1).equals("guids")) {
            return schemaString(store.schema(guid(path.get(2))), false);
        }
        if (path.size() < 3 || !path.get(1).equals("ids")) {
            throw RegistryError.resourceNotFound();
        }
        int id = id(path.get(2));
        return switch (String.join("/", path.subList(3, path.size()))) {
            case "" -> schemaString(store.schema(id), call.flag("fetchMaxId"));
            case "schema" -> new RawJson(store.schema(id).canonicalString());
            case "versions" -> store.versionsOf(id, call.flag("deleted")).stream()
                    .map(version -> new SubjectVersion(version.subject(), version.number())).toList();
            case "subjects" -> store.versionsOf(id, call.flag("deleted")).stream()
                    .map(SchemaStore.Version::subject).distinct().toList();
            default -> throw RegistryError.resourceNotFound();
        };
    }

    private Object schemaString(ParsedSchema schema, boolean withMaxId) {
        var answer = new SchemaString(schema.canonicalString());
        answer.setReferences(schema.references());
        if (withMaxId) {
            answer.setMaxId(store.maxId());
        }
        return withGuid(answer, schema);
    }

    private Object compatibility(RegistryCall call, List<String> path) throws RegistryError {
        if (path.size() < 4 || !path.get(1).equals("subjects") || !path.get(3).equals("versions")) {
            throw RegistryError.resourceNotFound();
        }
        if (!call.method().equals("POST")) {
            throw RegistryError.methodNotAllowed();
        }
        var subject = path.get(2);
        var against = path.size() == 4 ? versionsOrNone(subject)
                : List.of(store.version(subject, path.get(4), false));
        var differences = differences(subject, parsed(subject, call), against);
        var answer = new CompatibilityCheckResponse();
        answer.setIsCompatible(differences.isEmpty());
        answer.setMessages(call.flag("verbose") ? differences : null);
        return answer;
    }

    /// Returns the violations of the subject's compatibility level; empty if the schema may follow the versions.
    private List<String> differences(String subject, ParsedSchema schema, List<SchemaStore.Version> versions) {
        return CompatibilityChecker.checker(levels.of(subject))
                .isCompatible(schema, versions.stream().map(SchemaStore.Version::schema).toList());
    }

    private List<SchemaStore.Version> versionsOrNone(String subject) {
        try {
            return store.versions(subject, false);
        } catch (RegistryError e) {
            return List.of();       // a new subject accepts any schema
        }
    }

    private Object config(RegistryCall call, List<String> path) throws RegistryError {
        var subject = subjectOrGlobal(path);
        return switch (call.method()) {
            case "GET" -> new Config(levels.get(subject, call.flag("defaultToGlobal"))
                    .orElseThrow(() -> RegistryError.noCompatibilityFor(subject)).name);
            case "PUT" -> {
                var requested = body(call, ConfigUpdateRequest::fromJson);
                var level = CompatibilityLevel.forName(requested.getCompatibilityLevel());
                if (level == null) {
                    throw RegistryError.invalidCompatibility(requested.getCompatibilityLevel());
                }
                levels.set(subject, level);
                yield requested;
            }
            case "DELETE" -> new Config(levels.unset(subject)
                    .orElseThrow(() -> RegistryError.noCompatibilityFor(subject)).name);
            default -> throw RegistryError.methodNotAllowed();
        };
    }

    private Object mode(RegistryCall call, List<String> path) throws RegistryError {
        var subject = subjectOrGlobal(path);
        return switch (call.method()) {
            case "GET" -> new Mode(modes.get(subject, call.flag("defaultToGlobal"))
                    .orElseThrow(() -> RegistryError.noModeFor(subject)));
            case "PUT" -> {
                var requested = body(call, ModeUpdateRequest::fromJson);
                if (!Set.of("READWRITE", "READONLY").contains(String.valueOf(requested.getMode()))) {
                    throw RegistryError.invalidMode(requested.getMode());
                }
                modes.set(subject, requested.getMode());
                yield requested;
            }
            case "DELETE" -> new Mode(modes.unset(subject).orElseThrow(() -> RegistryError.noModeFor(subject)));
            default -> throw RegistryError.methodNotAllowed();
        };
    }

    private static String subjectOrGlobal(List<String> path) throws RegistryError {
        return switch (path.size()) {
            case 1 -> SubjectSettings.GLOBAL;
            case 2 -> path.get(1);
            default -> throw RegistryError.resourceNotFound();
        };
    }

    private ParsedSchema parsed(String subject, RegistryCall call) throws RegistryError {
        return store.parse(subject, body(call, RegisterSchemaRequest::fromJson), call.flag("normalize"));
    }

    private static UUID guid(String text) throws RegistryError {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw RegistryError.schemaNotFound();
        }
    }

    private static int id(String text) throws RegistryError {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw RegistryError.resourceNotFound();
        }
    }

    private static <T> T body(RegistryCall call, JsonReader<T> reader) throws RegistryError {
        try {
            return reader.read(call.body());
        } catch (IOException e) {
            throw RegistryError.malformedBody(call.body());
        }
    }

    @FunctionalInterface
    private interface JsonReader<T> {
        T read(String json) throws IOException;
    }

    /// An answer that is already JSON.
    record RawJson(String json) {}
}
