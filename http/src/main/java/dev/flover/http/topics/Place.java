package dev.flover.http.topics;

/// The partition and offset of a record.
public record Place(int partition, long offset) {
    public Place {
        if (partition < 0 || offset < 0) {
            throw new IllegalArgumentException("partition and offset must be at least 0, was " + partition + ":"
                    + offset);
        }
    }

    /// Returns the form `3:4711`: partition, then offset.
    @Override
    public String toString() {
        return partition + ":" + offset;
    }
}
