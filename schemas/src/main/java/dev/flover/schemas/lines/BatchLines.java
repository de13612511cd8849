package dev.flover.schemas.lines;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.schemas.lines.BatchLine.Bad;
import dev.flover.schemas.lines.BatchLine.Form;
import dev.flover.schemas.lines.BatchLine.Good;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a file of requests. A line that cannot be used does not end the file: it is returned with its reason.
///
/// A line is in OpenAI's batch form if it has one of the fields `custom_id`, `method`, `url` and `body`; otherwise it
/// is a request of its own. Empty lines are counted and left out.
public final class BatchLines implements AutoCloseable {
    /// The longest line, in bytes.
    public static final int MOST_BYTES = 16 << 20;

    private static final String CUSTOM_ID = "custom_id";
    private static final String METHOD = "method";
    private static final String URL = "url";
    private static final String BODY = "body";
    private static final List<String> FIELDS = List.of(CUSTOM_ID, METHOD, URL, BODY);
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final int MOST_ID_CHARS = 512;
    private static final String INVALID = "invalid_request";

    private final LineInput in;
    private final String job;
    private final SeenIds seen = new SeenIds();

    /// Why a line cannot be used.
    private static final class BadLineException extends Exception {
        private static final long serialVersionUID = 1;

        private final String code;

        BadLineException(String code, String message) {
            super(message);
            this.code = code;
        }
    }

    /// @param job the first part of the requests' ids
    public BatchLines(InputStream in, String job) {
        this(in, job, MOST_BYTES);
    }

    BatchLines(InputStream in, String job, int mostBytes) {
        this.in = new LineInput(in, mostBytes);
        this.job = job;
    }

    /// Returns the next line that is not empty; null at the end of the file.
    ///
    /// @throws IllegalStateException if the file has more ids than can be compared
    public @Nullable BatchLine next() throws IOException {
        for (var line = in.next(); line != null; line = in.next()) {
            if (!line.isBlank()) {
                return read(line);
            }
        }
        return null;
    }

    /// Returns the id of a line's request.
    public static String idOf(String job, long number) {
        return job + "-" + number;
    }

    private BatchLine read(LineInput.Line line) {
        ObjectNode object;
        try {
            object = parse(line);
        } catch (BadLineException e) {
            return new Bad(line.number(), null, e.code, e.getMessage());
        }
        String id = null;
        try {
            boolean batch = FIELDS.stream().anyMatch(object::has);
            id = batch ? customId(object) : ownId(object);
            if (id != null && !seen.add(id)) {
                throw new BadLineException("duplicate_custom_id", (batch ? CUSTOM_ID : "id") + " must be unique in the "
                        + "file; an earlier line has the same, so this one is left out");
            }
            var form = batch ? form(object) : Form.OWN;
            var body = batch ? body(object, form) : object;
            return new Good(line.number(), id, form, line.bytes().length,
                    JsonRequests.read(body, idOf(job, line.number())));
        } catch (BadLineException e) {
            return new Bad(line.number(), id, e.code, e.getMessage());
        } catch (JsonFormException e) {
            return new Bad(line.number(), id, INVALID, e.getMessage());
        }
    }

    private ObjectNode parse(LineInput.Line line) throws BadLineException {
        if (line.length() > line.bytes().length) {
            throw new BadLineException("line_too_long", "a line must have at most " + MOST_BYTES + " bytes, was "
                    + line.length() + "; shorten the request");
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line.bytes()));
        } catch (CharacterCodingException e) {
            throw new BadLineException("invalid_utf8", "a line must be UTF-8, found bytes that are not a character; "
                    + "write the file in UTF-8");
        }
        try {
            return JsonRequests.parse(line.bytes());
        } catch (JsonFormException e) {
            String reason = e.getMessage().replace("in line 1, column", "in column");
            throw new BadLineException("invalid_json_line", reason + (line.ended() ? ""
                    : "; the last line has no end, so the file may be cut off"));
        }
    }

    private static String customId(ObjectNode object) throws BadLineException {
        var id = object.get(CUSTOM_ID);
        if (id == null || !id.isTextual() || id.textValue().isEmpty() || id.textValue().length() > MOST_ID_CHARS) {
            throw wrong(CUSTOM_ID, "a text of 1 to " + MOST_ID_CHARS + " characters that no other line has", id);
        }
        return id.textValue();
    }

    private static @Nullable String ownId(ObjectNode object) throws BadLineException {
        var id = object.remove("id");
        if (id == null || id.isNull()) {
            return null;
        }
        if (id.isIntegralNumber()) {
            return id.asText();
        }
        if (!id.isTextual() || id.textValue().isEmpty() || id.textValue().length() > MOST_ID_CHARS) {
            throw wrong("id", "a text of 1 to " + MOST_ID_CHARS + " characters, or a whole number", id);
        }
        return id.textValue();
    }

    private static Form form(ObjectNode object) throws BadLineException {
        for (var names = object.fieldNames(); names.hasNext();) {
            String name = names.next();
            if (!FIELDS.contains(name)) {
                throw new BadLineException(INVALID, "there is no field " + name + " beside body; known are "
                        + String.join(", ", FIELDS));
            }
        }
        var method = object.get(METHOD);
        if (method == null || !method.asText().equals("POST")) {
            throw wrong(METHOD, "POST", method);
        }
        var url = object.get(URL);
        return switch (url == null ? "" : url.asText()) {
            case COMPLETIONS -> Form.COMPLETION;
            case CHAT -> Form.CHAT;
            default -> throw new BadLineException("invalid_url",
                    wrong(URL, COMPLETIONS + " or " + CHAT, url).getMessage());
        };
    }

    private static ObjectNode body(ObjectNode object, Form form) throws BadLineException {
        if (!(object.get(BODY) instanceof ObjectNode body)) {
            throw wrong(BODY, "an object with the request", object.get(BODY));
        }
        if (body.has("id")) {
            throw new BadLineException(INVALID, "body.id cannot be given; custom_id names the request");
        }
        boolean messages = body.hasNonNull("messages");
        if (messages != (form == Form.CHAT)) {
            throw new BadLineException(INVALID, messages
                    ? "body.messages cannot be given to " + COMPLETIONS + "; " + CHAT + " takes them"
                    : "body.messages must be an array of objects with role and content, was missing");
        }
        return body;
    }

    private static BadLineException wrong(String field, String expected, JsonNode found) {
        String text = found == null ? "missing" : found.toString();
        return new BadLineException(INVALID, field + " must be " + expected + ", was "
                + (text.length() <= 60 ? text : text.substring(0, 60) + "..."));
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
