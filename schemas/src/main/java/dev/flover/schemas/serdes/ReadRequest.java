package dev.flover.schemas.serdes;

import dev.flover.schemas.GenerationRequest;
import java.util.List;
import org.apache.avro.generic.IndexedRecord;

/// A request as this process understands it, and what it does not understand of it.
///
/// @param said    all that the record says, to be stored; where nothing is unknown, in the process's own contract
/// @param unknown names of fields that are set and that the process does not know
public record ReadRequest(GenerationRequest request, IndexedRecord said, List<String> unknown) {
    public ReadRequest {
        unknown = List.copyOf(unknown);
    }

    /// One that was made here, so that nothing in it is unknown.
    public static ReadRequest of(GenerationRequest request) {
        return new ReadRequest(request, request, List.of());
    }
}
