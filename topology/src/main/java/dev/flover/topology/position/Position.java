package dev.flover.topology.position;

import dev.flover.schemas.StoredPosition;
import dev.flover.schemas.serdes.NewerFormException;
import dev.flover.schemas.serdes.SchemaText;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.schemas.serdes.UndecodableRecordException;
import java.util.Optional;

/// The read position of a requests partition: all records before it were taken in.
///
/// @param topicId id of the requests topic, which changes when the topic is deleted and created again
/// @param next    offset of the first record that was not taken in
public record Position(String topicId, long next) {
    private static final StoredForm<StoredPosition> FORM = StoredForm.of(StoredPosition.class);

    /// The Avro schema of the stored form.
    public static SchemaText schema() {
        return FORM.schema();
    }

    public byte[] encode() {
        return FORM.encode(new StoredPosition(next, topicId));
    }

    /// Decodes a stored position; empty where it cannot be read, so that the position counts as unknown.
    public static Optional<Position> decode(byte[] bytes) {
        try {
            var stored = FORM.decodeKnown(bytes, fingerprint -> null);
            return Optional.of(new Position(stored.getTopicId(), stored.getNext()));
        } catch (NewerFormException | UndecodableRecordException e) {
            return Optional.empty();
        }
    }
}
