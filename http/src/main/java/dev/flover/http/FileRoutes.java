package dev.flover.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flover.http.access.Grant;
import dev.flover.http.batches.ApiFile;
import dev.flover.http.batches.FileStore;
import dev.flover.http.batches.Uploads;
import dev.flover.http.jobs.JobTopics;
import dev.flover.http.openai.ApiError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/// The routes `/v1/files`: uploads files for batches, and returns them and the output of batches.
final class FileRoutes {
    private static final String PURPOSE = "purpose";
    private static final int MOST_NAME_CHARS = 255;
    private static final long MOST_OTHER_PARTS_BYTES = 64 << 10;
    private static final int LEAST_EXPIRY_S = 3_600;

    private final FileStore files;

    FileRoutes(FileStore files) {
        this.files = files;
    }

    void upload(Exchange exchange, Grant grant) throws IOException {
        Path folder = Files.createTempDirectory("flover-upload-");
        try (var form = exchange.form(folder, Uploads.MOST_FILE_BYTES + MOST_OTHER_PARTS_BYTES)) {
            String purpose = text(form, PURPOSE);
            if (!"batch".equals(purpose)) {
                throw ApiError.invalid(PURPOSE, "purpose must be batch, was "
                        + (purpose == null ? "missing" : purpose));
            }
            var file = form.getFirst("file");
            if (file == null || file.getFileName() == null) {
                throw ApiError.invalid("file", "file must be a part of the form with a file name, was "
                        + (file == null ? "missing" : "a text"));
            }
            if (file.getLength() > Uploads.MOST_FILE_BYTES) {
                throw tooLarge();
            }
            String name = file.getFileName().strip();
            try (var in = Content.Source.asInputStream(file.getContentSource())) {
                exchange.sendJson(200, files.upload(grant, name.substring(0, Math.min(name.length(), MOST_NAME_CHARS)),
                        in, file.getLength(), kept(form)).json());
            }
        } finally {
            delete(folder);
        }
    }

    static ApiError tooLarge() {
        return ApiError.of(413, "file_too_large", "a file must have at most " + Uploads.MOST_FILE_BYTES
                + " bytes; split it");
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> left = Files.walk(folder)) {
            for (var path : left.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    private static @Nullable String text(MultiPartFormData.Parts form, String name) {
        MultiPart.Part part = form.getFirst(name);
        return part == null ? null : part.getContentAsString(StandardCharsets.UTF_8);
    }

    private static @Nullable Duration kept(MultiPartFormData.Parts form) {
        String anchor = text(form, "expires_after[anchor]");
        String seconds = text(form, "expires_after[seconds]");
        return anchor == null && seconds == null ? null : kept("expires_after", anchor, seconds);
    }

    /// Reads a length of time after the creation of a file.
    ///
    /// @throws ApiError if it is not as OpenAI's API states it
    static Duration kept(String param, @Nullable String anchor, @Nullable String seconds) {
        int most = Math.toIntExact(JobTopics.MOST_FILE_AGE.toSeconds());
        if (!"created_at".equals(anchor) || seconds == null || !seconds.matches("\\d{1,9}")
                || Integer.parseInt(seconds) < LEAST_EXPIRY_S || Integer.parseInt(seconds) > most) {
            throw ApiError.invalid(param, param + " must have anchor created_at and seconds in [" + LEAST_EXPIRY_S
                    + ", " + most + "], was " + anchor + " and " + seconds);
        }
        return Duration.ofSeconds(Integer.parseInt(seconds));
    }

    void list(Exchange exchange, Grant grant) throws IOException {
        String purpose = exchange.query(PURPOSE).orElse(null);
        var all = files.list(grant).stream().filter(file -> purpose == null || file.purpose().equals(purpose)).toList();
        String order = exchange.query("order").orElse("desc");
        if (!order.equals("asc") && !order.equals("desc")) {
            throw ApiError.invalid("order", "order must be asc or desc, was " + order);
        }
        Pages.send(exchange, order.equals("asc") ? all.reversed() : all, 10_000, ApiFile::id, ApiFile::json);
    }

    void retrieve(Exchange exchange, Grant grant, String id) throws IOException {
        exchange.sendJson(200, files.find(grant, id).json());
    }

    void content(Exchange exchange, Grant grant, String id) throws IOException {
        files.content(files.find(grant, id), () -> exchange.body("application/jsonl"));
    }

    void delete(Exchange exchange, Grant grant, String id) throws IOException {
        files.delete(files.find(grant, id));
        exchange.sendJson(200, JsonNodeFactory.instance.objectNode().put("id", id).put("object", "file")
                .put("deleted", true));
    }
}
