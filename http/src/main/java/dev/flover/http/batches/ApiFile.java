package dev.flover.http.batches;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.jobs.StoredFile;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A file of OpenAI's API.
public sealed interface ApiFile {
    /// The number of random bytes in an id.
    int ID_BYTES = 16;

    String id();

    String name();

    String purpose();

    long bytes();

    /// Returns the time from which on the file exists, ms since 1970.
    long createdMs();

    /// Returns the time from which on there is no such file any more, ms since 1970.
    long expiresMs();

    /// A file that a client has uploaded.
    record Uploaded(StoredFile file) implements ApiFile {
        @Override
        public String id() {
            return file.id();
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public String purpose() {
            return "batch";
        }

        @Override
        public long bytes() {
            return file.bytes();
        }

        @Override
        public long createdMs() {
            return file.createdMs();
        }

        @Override
        public long expiresMs() {
            return file.expiresMs();
        }
    }

    /// The answers or the errors of a batch that has ended.
    record Output(JobsView.Known batch, boolean errors) implements ApiFile {
        @Override
        public String id() {
            return idOf(batch.job().id(), errors);
        }

        @Override
        public String name() {
            return batch.job().id() + (errors ? "_errors.jsonl" : "_output.jsonl");
        }

        @Override
        public String purpose() {
            return "batch_output";
        }

        @Override
        public long bytes() {
            return errors ? batch.state().counts().errorBytes() + batch.job().span().wrongBytes()
                    : batch.state().counts().answerBytes();
        }

        @Override
        public long createdMs() {
            return batch.stateMs();
        }

        @Override
        public long expiresMs() {
            return batch.stateMs() + batch.job().madeBy().keepMs();
        }
    }

    /// Returns the id of the answers or errors of a batch. It cannot be guessed, because the batch's id is random.
    static String idOf(String batch, boolean errors) {
        return "file-" + digits(batch + (errors ? "/errors" : "/output"));
    }

    /// Returns digits that a text determines.
    static String digits(String text) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, ID_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /// Returns the file as an object of the API.
    default ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("id", id()).put("object", "file").put("bytes", bytes())
                .put("created_at", createdMs() / 1_000).put("expires_at", expiresMs() / 1_000)
                .put("filename", name()).put("purpose", purpose()).put("status", "processed");
    }
}
