package dev.flover.http.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A file that a client of OpenAI's API has uploaded: written once, when all its chunks are in the files topic.
///
/// @param id        `file-` and 32 random hexadecimal digits
/// @param tenant    the tenant that may see the file; null if the bridge needs no tokens
/// @param name      as the client gave it
/// @param bytes     its length
/// @param createdMs ms since 1970
/// @param expiresMs ms since 1970
/// @param place     where its chunks are; null if the file is a job's output that was deleted
@JsonIgnoreProperties(ignoreUnknown = true)
public record StoredFile(
        @JsonProperty("id") String id,
        @JsonProperty("tenant") @Nullable String tenant,
        @JsonProperty("name") String name,
        @JsonProperty("bytes") long bytes,
        @JsonProperty("created_ms") long createdMs,
        @JsonProperty("expires_ms") long expiresMs,
        @JsonProperty("place") @Nullable Chunks place) {
    /// The chunks of a file.
    ///
    /// @param from  offset of the first one in the files topic
    /// @param to    offset behind the last one
    /// @param count number of chunks; other files' chunks may lie between them
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Chunks(
            @JsonProperty("from") long from, @JsonProperty("to") long to, @JsonProperty("count") int count) {}

    /// Returns the record that hides a job's output, because its owner deleted it.
    public static StoredFile deleted(String id) {
        return new StoredFile(id, null, "", 0, 0, Long.MAX_VALUE, null);
    }

    /// Returns the place of the chunks of an uploaded file.
    ///
    /// @throws NullPointerException if this is the record that hides a job's output
    Chunks chunks() {
        return Objects.requireNonNull(place);
    }

    public boolean isDeleted() {
        return place == null;
    }
}
