package dev.flover.app.options;

import dev.flover.schemas.GenerationRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Options that give the constraint of an answer; at most one constraint is allowed.
public final class ConstraintOptions {
    @Option(names = "--json-schema", paramLabel = "FILE", description = "JSON that the JSON Schema in FILE accepts.")
    private @Nullable String jsonSchema;

    @Option(names = "--schema-subject", paramLabel = "NAME",
            description = "JSON that fits the schema (AVRO or JSON) of a subject in the registry.")
    private @Nullable String schemaSubject;

    @Option(names = "--schema-version", paramLabel = "N", description = "Version of the subject. Default: the latest.")
    private @Nullable Integer schemaVersion;

    @Option(names = "--record-topic", paramLabel = "NAME",
            description = "Have the answer written to this topic too, as a record of the subject's AVRO schema.")
    private @Nullable String recordTopic;

    @Option(names = "--regex", paramLabel = "PATTERN", description = "A text that the regular expression matches.")
    private @Nullable String regex;

    @Option(names = "--choice", paramLabel = "TEXT", description = "One of these texts; give the option once for each "
            + "text.")
    private @Nullable List<String> choices;

    @Option(names = "--grammar", paramLabel = "FILE", description = "A text that the GBNF grammar in FILE derives.")
    private @Nullable String grammar;

    @Option(names = "--white-space", description = "Allow white space between the tokens of JSON.")
    private boolean whiteSpace;

    /// Copies the options into a request.
    public void set(GenerationRequest.Builder request) {
        request.setJsonSchema(content(jsonSchema)).setSchemaSubject(schemaSubject).setSchemaVersion(schemaVersion)
                .setRecordTopic(recordTopic).setRegex(regex).setChoices(choices).setGrammar(content(grammar))
                .setWhiteSpace(whiteSpace);
    }

    private static @Nullable String content(@Nullable String file) {
        if (file == null) {
            return null;
        }
        try (var reader = InputFile.open(file)) {
            return reader.lines().collect(Collectors.joining("\n"));
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(file, e);
        }
    }
}
