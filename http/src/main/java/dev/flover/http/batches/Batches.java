package dev.flover.http.batches;

import dev.flover.http.access.Grant;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.BatchCall;
import dev.flover.http.jobs.FileChunks;
import dev.flover.http.jobs.Job;
import dev.flover.http.jobs.JobLines;
import dev.flover.http.jobs.JobOrder;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.jobs.StoredFile;
import dev.flover.http.openai.ApiError;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.lines.BatchLines;
import dev.flover.topology.records.BoundedRecords;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The batches of tenants: jobs whose lines come from an uploaded file.
public final class Batches {
    private static final Map<String, BatchLine.Form> ENDPOINTS = Map.of("/v1/completions", BatchLine.Form.COMPLETION,
            "/v1/chat/completions", BatchLine.Form.CHAT);

    private final SharedJobs jobs;
    private final FileStore files;
    private final LongSupplier wall;

    /// The parameters of a client's call that creates a batch.
    ///
    /// @param key    the key under which the call may be repeated; empty if it has none
    /// @param window the completion window as the client wrote it
    /// @param time   the same as a length of time
    /// @param kept   for how long the output is kept
    public record Asked(String inputFile, String endpoint, String window, Duration time, Map<String, String> metadata,
            Duration kept, Optional<String> key) {}

    /// @param wall the wall clock in ms
    public Batches(SharedJobs jobs, FileStore files, LongSupplier wall) {
        this.jobs = jobs;
        this.files = files;
        this.wall = wall;
    }

    /// Returns the endpoints that a batch may have.
    public static SortedSet<String> endpoints() {
        return new TreeSet<>(ENDPOINTS.keySet());
    }

    /// Returns the batches of a tenant, the newest first.
    static List<JobsView.Known> of(JobsView view, Grant grant) {
        return view.all().stream()
                .filter(known -> known.job().call() != null
                        && Objects.equals(known.job().call().tenant(), grant.tenant()))
                .sorted(Comparator.<JobsView.Known>comparingLong(known -> known.job().createdMs())
                        .thenComparing(known -> known.job().id()).reversed()).toList();
    }

    public List<BatchObject> list(Grant grant) {
        return jobs.look(view -> of(view, grant).stream().map(batch -> object(view, batch)).toList());
    }

    private BatchObject object(JobsView view, JobsView.Known batch) {
        return new BatchObject(batch, files.outputs(view, batch));
    }

    /// @throws ApiError if there is no such batch, or it belongs to another tenant
    public BatchObject find(Grant grant, String id) {
        return known(grant, id).orElseThrow(() -> ApiError.notFound("batch_not_found", "there is no batch " + id));
    }

    private Optional<BatchObject> known(Grant grant, String id) {
        return jobs.look(view -> of(view, grant).stream().filter(batch -> batch.job().id().equals(id)).findFirst()
                .map(batch -> object(view, batch)));
    }

    /// Creates a batch: writes all lines of its file to the lines topic, and then makes the job known. If the bridge
    /// dies before that, there is no batch.
    ///
    /// @param model the name of the model that answers lines without a model's name
    /// @throws ApiError if the file does not exist, or its key was used for another batch
    public BatchObject create(Grant grant, Asked asked, String model) throws IOException {
        String id = "batch_" + asked.key().map(key -> ApiFile.digits(grant.scoped(key)))
                .orElseGet(files::drawn);
        var known = known(grant, id);
        if (known.isPresent()) {
            requireSame(known.get(), asked);
            return known.get();
        }
        var file = input(grant, asked.inputFile());
        jobs.create(BoundedRecords.MAX_RECORD_BYTES);
        long now = wall.getAsLong();
        try (var client = new JobsClient(jobs.access())) {
            var lines = new JobLines(client, new Rules(grant, asked.endpoint()), JsonRecords::write);
            var span = lines.write(id, () -> new BatchLines(new FileChunks(jobs.access(), file), id), jobs.access());
            var call = new BatchCall(grant.tenant(), file.id(), asked.endpoint(), asked.window(), asked.metadata(),
                    asked.kept().toMillis(), span.lines() == 0 ? lines.errors() : List.of());
            var job = new Job(id, file.name(), now, now + asked.time().toMillis(), model, span, call);
            jobs.write(shared -> shared.define(job));
        }
        return find(grant, id);
    }

    private static void requireSame(BatchObject known, Asked asked) {
        var call = known.known().job().madeBy();
        if (!call.inputFile().equals(asked.inputFile()) || !call.endpoint().equals(asked.endpoint())) {
            throw ApiError.of(422, "idempotency_key_reused", "another batch was created under this Idempotency-Key");
        }
    }

    private StoredFile input(Grant grant, String id) {
        return files.list(grant).stream().filter(file -> file.id().equals(id)).findFirst()
                .map(file -> file instanceof ApiFile.Uploaded(StoredFile stored) ? stored : null)
                .orElseThrow(() -> ApiError.invalid("input_file_id", "input_file_id must be the id of an uploaded file "
                        + "with the purpose batch, was " + id));
    }

    /// Cancels a batch: no further lines are sent, and those under way are cancelled.
    ///
    /// @throws ApiError if it has ended
    public BatchObject cancel(Grant grant, String id) {
        var batch = find(grant, id);
        if (!batch.status().equals("in_progress") && !batch.status().equals("cancelling")) {
            throw ApiError.of(409, "batch_ended", "the batch " + id + " is " + batch.status()
                    + " and cannot be cancelled any more");
        }
        if (batch.known().order() != JobOrder.CANCEL) {
            jobs.write(client -> client.order(id, JobOrder.CANCEL));
        }
        return find(grant, id);
    }

    /// The rules for the lines of a batch: one endpoint, and the rights of the client's token.
    private record Rules(Grant grant, String endpoint) implements JobLines.Rules {
        @Override
        public JobLines.@Nullable Fault fault(BatchLine.Good line) {
            String model = line.request().getModel();
            if (line.form() == BatchLine.Form.OWN) {
                return new JobLines.Fault("invalid_request", "a line must have custom_id, method, url and body, found "
                        + "none of them", null);
            }
            if (line.form() != ENDPOINTS.get(endpoint)) {
                return new JobLines.Fault("mismatched_url", "url must be the endpoint of the batch, " + endpoint,
                        "url");
            }
            if (!grant.allows(model)) {
                return new JobLines.Fault("model_not_found", model == null
                        ? "the token is for certain models, so body.model must name one of them, was missing"
                        : "the token is not for the model '" + model + "'", "model");
            }
            if (grant.tenant() != null && line.request().getPriority() > grant.priority()) {
                return new JobLines.Fault("invalid_request", "the token allows a priority of at most "
                        + grant.priority() + ", was " + line.request().getPriority(), "priority");
            }
            return null;
        }

        @Override
        public GenerationRequest request(BatchLine.Good line) {
            var request = AnswerLines.marked(line, new AnswerLines.Defaults(null, ""));
            return grant.tenant() == null ? request
                    : GenerationRequest.newBuilder(request).setTenant(grant.tenant()).build();
        }
    }
}
