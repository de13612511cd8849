package dev.flover.topology.request;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.model.Model;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredSchema;
import dev.flover.topology.tools.WrongFieldException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the constraint that a request's fields state for its answers, and checks the fields against each other.
public final class RequestConstraint {
    private RequestConstraint() {}

    /// The fields of a request that are set and constrain its answer.
    static List<String> named(GenerationRequest request) {
        var named = new ArrayList<String>();
        name(named, "json_schema", request.getJsonSchema());
        name(named, "schema_subject", request.getSchemaSubject());
        name(named, "regex", request.getRegex());
        name(named, "choices", request.getChoices());
        name(named, "grammar", request.getGrammar());
        return named;
    }

    private static void name(List<String> named, String field, Object value) {
        if (value != null) {
            named.add(field);
        }
    }

    /// The constraint of a request; null where it states none.
    ///
    /// @param schema the schema of the registry that the request names; null where it names none
    static Constraints.@Nullable Wish wish(GenerationRequest request, @Nullable StoredSchema schema) {
        var source = schema == null ? said(request) : resolved(request, schema);
        return source == null ? null : new Constraints.Wish(named(request).getFirst(), source, request.getTenant(),
                request.getStop(), request.getMinTokens());
    }

    private static Constraints.Source resolved(GenerationRequest request, StoredSchema schema) {
        return schema.getKind().equals(RequestMentions.AVRO)
                ? new Constraints.Source.Avro(schema.getId(), schema.getText(), request.getWhiteSpace())
                : new Constraints.Source.Said(
                        new ConstraintSource.JsonSchema(schema.getText(), request.getWhiteSpace()));
    }

    private static Constraints.@Nullable Source said(GenerationRequest request) {
        var source = source(request);
        return source == null ? null : new Constraints.Source.Said(source);
    }

    /// The constraint that the request itself states; null where it states none, or names a schema of the registry.
    public static @Nullable ConstraintSource source(GenerationRequest request) {
        if (request.getJsonSchema() != null) {
            return new ConstraintSource.JsonSchema(request.getJsonSchema(), request.getWhiteSpace());
        }
        if (request.getRegex() != null) {
            return new ConstraintSource.Pattern(request.getRegex());
        }
        if (request.getChoices() != null) {
            return new ConstraintSource.Choices(request.getChoices());
        }
        return request.getGrammar() == null ? null : new ConstraintSource.Grammar(request.getGrammar());
    }

    /// Checks the fields of a request before its constraint is compiled.
    ///
    /// @throws WrongFieldException if fields contradict each other; the message names them
    static void check(GenerationRequest request, Model model) {
        var named = named(request);
        if (named.size() > 1) {
            throw new WrongFieldException(named.get(1), "at most one of json_schema, schema_subject, regex, choices "
                    + "and grammar may be set, found " + String.join(" and ", named));
        }
        needs(request.getWhiteSpace() && request.getJsonSchema() == null && request.getSchemaSubject() == null,
                "white_space", "json_schema or schema_subject");
        needs(request.getSchemaVersion() != null && request.getSchemaSubject() == null,
                "schema_version", "schema_subject");
        needs(request.getRecordTopic() != null && request.getSchemaSubject() == null,
                "record_topic", "schema_subject");
        if (!named.isEmpty()) {
            check(request, named.getFirst(), model);
        }
    }

    private static void needs(boolean missing, String field, String other) {
        if (missing) {
            throw new WrongFieldException(field, field + " needs " + other + ", which is not set");
        }
    }

    /// Checks the options that contradict any constraint.
    ///
    /// @param field the field that states the constraint
    static void check(GenerationRequest request, String field, Model model) {
        var tokenizer = model.tokenizer();
        if (tokenizer == null) {
            throw new WrongFieldException(field, "the model file has no tokenizer: " + field + " must not be set");
        }
        if (request.getSchemaVersion() != null && request.getSchemaVersion() < 1) {
            throw new WrongFieldException("schema_version", "schema_version must be at least 1, was "
                    + request.getSchemaVersion());
        }
        if (!request.getSampling().getAllowedIds().isEmpty()) {
            throw contradiction("sampling.allowed_ids", field, "both restrict the tokens that may be drawn");
        }
        if (request.getIgnoreEos()) {
            throw contradiction("ignore_eos", field, "an answer ends where it is complete");
        }
        for (var bias : request.getSampling().getLogitBias()) {
            if (bias.getBias() == Float.NEGATIVE_INFINITY) {
                throw contradiction("sampling.logit_bias", field, "token " + bias.getTokenId()
                        + " is banned and may be the only one that fits; give it a finite bias");
            }
        }
        for (int id : request.getStopIds()) {
            if (!tokenizer.isControl(id) && tokenizer.bytes(id).length > 0) {
                throw contradiction("stop_ids", field, "token " + id + " is text, and would end an answer before it is "
                        + "complete");
            }
        }
    }

    static WrongFieldException contradiction(String one, String other, String why) {
        return new WrongFieldException(one, one + " and " + other + " contradict each other: " + why);
    }
}
