package dev.flover.topology.request;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.ContentForm;
import dev.flover.topology.records.RequestDigest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A digest, in 16 bytes, of everything that decides an answer's tokens: requests of one tenant with equal keys get
/// equal tokens.
///
/// All fields of a request count except its names (id, conversation, metadata), its scheduling (priority, batch,
/// deadline, eager) and, in greedy decoding, the seed; so a new field counts without a change here. The key also
/// contains the prompt's token ids (a template may insert the date), the limit of tokens, and the fingerprints of the
/// model and the arithmetic.
public final class ContentKey {
    private ContentKey() {}

    /// The key of a stored request; null where its answer may not be given to another request: its draws follow from
    /// the seed of its id, or it asks for logprobs, which results do not hold.
    public static @Nullable ByteBuffer of(StoredRequest stored, RequestPlan plan, String model, String arithmetic) {
        var request = stored.getRequest();
        boolean greedy = plan.sampling().temperature() == 0;
        if (request.getLogprobs() != null || request.getPromptLogprobs() != null
                || !greedy && request.getSeed() == null) {
            return null;
        }
        var deciding = GenerationRequest.newBuilder(request).setId("").setConversation(null).setMetadata(Map.of())
                .setPriority(0).setBatch(false).setDeadlineMs(null).setModel(null).setMaxTokens(plan.maxTokens())
                .setEager(false).setSeed(greedy ? null : request.getSeed()).build();
        var content = new ByteArrayOutputStream();
        try {
            var out = new DataOutputStream(content);
            out.write(ContentForm.of(deciding));
            if (stored.getResolvedSchema() != null) {
                out.write(stored.getResolvedSchema().getText().getBytes(StandardCharsets.UTF_8));
            }
            for (int id : stored.getPromptIds()) {
                out.writeInt(id);
            }
            out.writeUTF(model);
            out.writeUTF(arithmetic);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
        return RequestDigest.of(content.toByteArray());
    }
}
