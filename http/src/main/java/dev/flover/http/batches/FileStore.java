package dev.flover.http.batches;

import dev.flover.http.access.Grant;
import dev.flover.http.jobs.FileChunks;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.jobs.OutputFiles;
import dev.flover.http.jobs.StoredFile;
import dev.flover.http.openai.ApiError;
import dev.flover.topology.records.BoundedRecords;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The files of tenants: those that they have uploaded, and the output of their batches.
public final class FileStore {
    /// The most expired files that one upload removes.
    private static final int MOST_REMOVED = 16;

    private final SharedJobs jobs;
    private final Uploads limits;
    private final LongSupplier wall;
    private final SecureRandom random = new SecureRandom();
    /// By tenant, the bytes of uploads that are being written by this bridge; null is the tenant of a bridge without
    /// tokens.
    private final Map<String, Long> writing = new HashMap<>();

    /// @param wall the wall clock in ms
    public FileStore(SharedJobs jobs, Uploads limits, LongSupplier wall) {
        this.jobs = jobs;
        this.limits = limits;
        this.wall = wall;
    }

    /// Stores a file, and returns when the broker has all of it. A failure leaves nothing but chunks that no file
    /// names.
    ///
    /// @param length its length in bytes
    /// @param kept   for how long it is kept; null for the usual time
    /// @throws ApiError if the tenant's quota does not allow it
    public ApiFile upload(Grant grant, String name, InputStream bytes, long length, @Nullable Duration kept)
            throws IOException {
        if (length == 0) {
            throw ApiError.invalid("file", "the file is empty; expected one request a line");
        }
        jobs.create(BoundedRecords.MAX_RECORD_BYTES);
        removeExpired();
        reserve(grant, length);
        try (var client = new JobsClient(jobs.access())) {
            String id = "file-" + drawn();
            var chunks = FileChunks.write(client, id, bytes);
            long now = wall.getAsLong();
            var file = new StoredFile(id, grant.tenant(), name, length, now,
                    now + (kept == null ? limits.kept() : kept).toMillis(), chunks);
            jobs.write(shared -> shared.define(file));
            return new ApiFile.Uploaded(file);
        } finally {
            release(grant, length);
        }
    }

    /// Removes some files of any tenant whose time has passed. They can no longer be read; removing them frees their
    /// space.
    private void removeExpired() {
        var expired = jobs.look(view -> view.files().stream()
                .filter(file -> wall.getAsLong() >= file.expiresMs()).limit(MOST_REMOVED).toList());
        jobs.write(client -> expired.forEach(client::remove));
    }

    String drawn() {
        var drawn = new byte[ApiFile.ID_BYTES];
        random.nextBytes(drawn);
        return HexFormat.of().formatHex(drawn);
    }

    private void reserve(Grant grant, long length) {
        long used = jobs.look(view -> uploaded(view, grant).mapToLong(StoredFile::bytes).sum());
        synchronized (writing) {
            long all = used + writing.getOrDefault(grant.tenant(), 0L) + length;
            if (all > limits.quotaBytes()) {
                throw ApiError.of(413, "quota_exceeded", "all files together may have " + limits.quotaBytes()
                        + " bytes, and with this one they would have " + all + "; delete files that are not needed");
            }
            writing.merge(grant.tenant(), length, Long::sum);
        }
    }

    private void release(Grant grant, long length) {
        synchronized (writing) {
            writing.merge(grant.tenant(), -length, Long::sum);
        }
    }

    private Stream<StoredFile> uploaded(JobsView view, Grant grant) {
        return view.files().stream().filter(file -> Objects.equals(file.tenant(), grant.tenant())
                && wall.getAsLong() < file.expiresMs());
    }

    /// Returns the files of a tenant, the newest first.
    public List<ApiFile> list(Grant grant) {
        return jobs.look(view -> {
            var files = new ArrayList<ApiFile>(uploaded(view, grant).map(ApiFile.Uploaded::new).toList());
            Batches.of(view, grant).forEach(batch -> files.addAll(outputs(view, batch)));
            files.sort(Comparator.comparingLong(ApiFile::createdMs).thenComparing(ApiFile::id).reversed());
            return files;
        });
    }

    /// Returns the output files of a batch that can be read.
    List<ApiFile> outputs(JobsView view, JobsView.Known batch) {
        var files = new ArrayList<ApiFile>();
        for (boolean errors : new boolean[] {false, true}) {
            var file = new ApiFile.Output(batch, errors);
            if (batch.state().isFinal() && file.bytes() > 0 && wall.getAsLong() < file.expiresMs()
                    && batch.job().span().lines() > 0 && view.file(file.id()) == null) {
                files.add(file);
            }
        }
        return files;
    }

    /// @throws ApiError if there is no such file, or it belongs to another tenant
    public ApiFile find(Grant grant, String id) {
        return list(grant).stream().filter(file -> file.id().equals(id)).findFirst().orElseThrow(() ->
                ApiError.notFound("file_not_found", "there is no file " + id));
    }

    /// Writes the bytes of a file.
    ///
    /// @param sink opens the response. It is called when the first byte of the file has been read. If reading fails
    ///             later, the response is not closed in order, so that the client sees that bytes are missing
    public void content(ApiFile file, OutputFiles.Sink sink) throws IOException {
        switch (file) {
            case ApiFile.Uploaded(StoredFile stored) -> {
                try (var in = new FileChunks(jobs.access(), stored)) {
                    byte[] first = in.readNBytes(1);
                    var out = sink.open();
                    out.write(first);
                    in.transferTo(out);
                    out.close();
                }
            }
            case ApiFile.Output(JobsView.Known batch, boolean errors) -> {
                var output = new OutputFiles(jobs.access(), batch);
                if (errors) {
                    output.errors(sink);
                } else {
                    output.answers(sink);
                }
            }
        }
    }

    /// Removes a file. The results of a batch stay on the results topic, and only its output file is gone.
    public void delete(ApiFile file) {
        jobs.write(client -> {
            switch (file) {
                case ApiFile.Uploaded(StoredFile stored) -> client.remove(stored);
                case ApiFile.Output output -> client.define(StoredFile.deleted(output.id()));
            }
        });
    }
}
