package dev.flover.topology.generation;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredReply;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.records.RequestRecord;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// A request that was read, and that has to be decided on.
///
/// @param read   null where the record was refused without being decoded; no answer of such a request is given again
/// @param digest of the request's content
/// @param reply  the topic to which the result is to be sent; null where there is none
/// @param since  when the record was read, ms
/// @param now    the present time, ms
record Arrival(Bytes id, @Nullable ReadRequest read, ByteBuffer digest, RequestRecord record,
        @Nullable StoredReply reply, long since, long now) {
    /// The request; null where the record was not decoded.
    @Nullable GenerationRequest request() {
        return read == null ? null : read.request();
    }

    /// The request of an arrival that was decoded.
    ReadRequest decoded() {
        return Objects.requireNonNull(read, "the record was not decoded");
    }

    @Nullable String model() {
        return read == null ? null : read.request().getModel();
    }

    Arrival with(@Nullable StoredReply other) {
        return new Arrival(id, read, digest, record, other, since, now);
    }
}
