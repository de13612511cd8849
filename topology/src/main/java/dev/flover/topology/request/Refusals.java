package dev.flover.topology.request;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.RejectionCode;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.schemas.models.Assignment;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.records.BrokenText;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.records.RequestRecord;
import dev.flover.topology.records.ReturnedHeaders;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reasons to reject a request that lie in its record, in the assignment of models or in the pipeline's settings, and
/// not in the values that [RequestCheck] looks at.
public final class Refusals {
    private final ReturnedHeaders.Rules returned;
    private final boolean continues;
    private final RequestMentions mentions;

    public Refusals(PipelineConfig config, RequestMentions mentions) {
        returned = new ReturnedHeaders.Rules(config.limits().headers());
        continues = config.recovery().otherArithmetic() == OtherArithmetic.CONTINUE;
        this.mentions = mentions;
    }

    /// Returns the fault of a request's record: a field of a newer release, a text that is not UTF-8, or headers that
    /// are too large to come back with the answer. Null if it has none.
    ///
    /// @param record the record that `read` was decoded from
    public @Nullable RequestFault ofRecord(ReadRequest read, RequestRecord record) {
        if (!read.unknown().isEmpty()) {
            return RequestFault.of(RejectionCode.UNKNOWN_FIELD, read.unknown().stream().findFirst().orElseThrow(),
                    "this release does not know these fields: " + String.join(", ", read.unknown())
                            + "; leave them out, or send the request to a pipeline of a newer release");
        }
        byte[] value = Objects.requireNonNull(record.value(), "a record without a value is no request");
        if (!JsonRecords.isJson(value) && BrokenText.isIn(read.request(), value)) {
            return RequestFault.invalid(null, "texts must be UTF-8, found bytes that are not a character");
        }
        String ofHeaders = returned.refusal(record.headers());
        return ofHeaders == null ? null : RequestFault.invalid(null, ofHeaders);
    }

    /// Returns the fault of a request for a model that no group serves.
    public static RequestFault unserved(String model, Assignment assignment) {
        return RequestFault.of(RejectionCode.UNKNOWN_MODEL, "model",
                "model '" + RequestCheck.brief(model) + "' is not served here; served are "
                        + String.join(", ", assignment.owners().keySet().stream().sorted().toList())
                        + ", and a request that names no model is answered by the default one");
    }

    /// Returns the reason why the pipeline's settings refuse a request, or null if they do not.
    public @Nullable RequestFault bySettings(GenerationRequest request) {
        return request.getEager() && continues
                ? RequestFault.invalid("eager", "eager must be false: the pipeline's setting other-arithmetic is "
                        + "continue, so after a crash other tokens than the first ones may be committed")
                : mentions.refusal(request);
    }
}
