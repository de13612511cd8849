package dev.flover.http.batches;

import java.time.Duration;

/// The limits of uploaded files.
///
/// @param quotaBytes the most bytes of all files of a tenant together
/// @param kept       for how long a file is kept if its upload does not say that, and the output of a batch
public record Uploads(long quotaBytes, Duration kept) {
    /// The largest file, as in OpenAI's API.
    public static final long MOST_FILE_BYTES = 200 << 20;

    public static Uploads standard() {
        return new Uploads(1L << 30, Duration.ofDays(7));
    }
}
