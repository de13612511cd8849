package dev.flover.http.topics;

/// A record of the tokens topic.
public record Place(int partition, long offset) {
    public Place {
        if (partition < 0 || offset < 0) {
            throw new IllegalArgumentException("partition and offset must be at least 0, was " + partition + ":"
                    + offset);
        }
    }

    /// `3:4711`
    @Override
    public String toString() {
        return partition + ":" + offset;
    }
}
