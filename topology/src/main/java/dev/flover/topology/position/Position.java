package dev.flover.topology.position;

import dev.flover.schemas.StoredPosition;
import dev.flover.schemas.serdes.NewerFormException;
import dev.flover.schemas.serdes.SchemaText;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.schemas.serdes.UndecodableRecordException;
import java.util.Optional;

/// The position up to which the records of a requests partition were taken in.
///
/// @param topicId of the requests topic
/// @param next    offset of the first record that was not
public record Position(String topicId, long next) {
    private static final StoredForm<StoredPosition> FORM = StoredForm.of(StoredPosition.class);

    /// The schema it is stored with.
    public static SchemaText schema() {
        return FORM.schema();
    }

    public byte[] encode() {
        return FORM.encode(new StoredPosition(next, topicId));
    }

    /// Empty where it cannot be read: then it is not known.
    public static Optional<Position> decode(byte[] bytes) {
        try {
            var stored = FORM.decodeKnown(bytes, fingerprint -> null);
            return Optional.of(new Position(stored.getTopicId(), stored.getNext()));
        } catch (NewerFormException | UndecodableRecordException e) {
            return Optional.empty();
        }
    }
}
