package dev.flover.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A response of server-sent events. Its status and headers are sent with the first event, so that until then an error
/// can be sent instead.
final class EventStream {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.UTF_8);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] SIGN_OF_LIFE = ": waiting\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8);

    private final Exchange exchange;
    private boolean open;

    EventStream(Exchange exchange) {
        this.exchange = exchange;
    }

    private void open() {
        if (!open) {
            open = true;
            exchange.setHeader("Content-Type", "text/event-stream; charset=utf-8");
            exchange.setHeader("Cache-Control", "no-store");
            exchange.setHeader("X-Accel-Buffering", "no");
        }
    }

    /// @param id the event's id; null if the stream cannot be resumed after this event
    void event(@Nullable String id, ObjectNode data) throws IOException {
        event(null, id, data);
    }

    /// @param type the event's type; null for the usual one
    /// @param id   the event's id; null if the stream cannot be resumed after this event
    void event(@Nullable String type, @Nullable String id, ObjectNode data) throws IOException {
        var event = new ByteArrayOutputStream();
        if (type != null) {
            event.write(("event: " + type + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (id != null) {
            event.write(("id: " + id + "\n").getBytes(StandardCharsets.UTF_8));
        }
        event.write(DATA);
        event.write(Exchange.bytes(data));
        event.write(END);
        write(event.toByteArray(), false);
    }

    void signOfLife() throws IOException {
        write(SIGN_OF_LIFE, false);
    }

    void done() throws IOException {
        write(DONE, true);
    }

    private void write(byte[] bytes, boolean last) throws IOException {
        open();
        exchange.write(bytes, last);
    }

    boolean isOpen() {
        return open;
    }
}
