package dev.flover.schemas.serdes;

import dev.flover.schemas.GenerationRequest;
import java.util.List;
import org.apache.avro.generic.IndexedRecord;

/// A request as this process understands it, together with the fields that this process does not know.
///
/// @param request the request in the fields of this release
/// @param said    the record with all its fields, to be stored; if no field is unknown, it is in the process's own
///                contract
/// @param unknown names of the fields that are set and that this process does not know
public record ReadRequest(GenerationRequest request, IndexedRecord said, List<String> unknown) {
    public ReadRequest {
        unknown = List.copyOf(unknown);
    }

    /// Wraps a request that this process built itself, so that no field of it is unknown.
    public static ReadRequest of(GenerationRequest request) {
        return new ReadRequest(request, request, List.of());
    }
}
