package dev.flover.topology.state;

import java.util.List;

/// The stores of a partition, each with its changelog.
public final class StoreNames {
    /// id -> the request and its prompt's token ids, written once. Also the schemas of stored forms.
    public static final String REQUESTS = "requests";
    /// id, answer, position -> the tokens of a segment of the answer's progress.
    public static final String PROGRESS = "progress";
    /// id -> the attempts to compute a generation without progress. Also the partition's read position.
    public static final String ATTEMPTS = "attempts";
    /// id -> digest and result of a request that is not live: see [EndedMemory].
    public static final String ENDED = "ended";
    /// offset -> a record whose schema the registry could not give yet.
    public static final String PARKED = "parked";

    public static final List<String> ALL = List.of(REQUESTS, PROGRESS, ATTEMPTS, ENDED, PARKED);

    private StoreNames() {}
}
