package dev.flover.benchmarks.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicLong;

/// A client that reads the page's stream as a browser does, and counts what it reads.
final class PageReader implements AutoCloseable {
    private final HttpClient http;
    private final InputStream stream;
    private final AtomicLong frames = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();

    private PageReader(HttpClient http, InputStream stream) {
        this.http = http;
        this.stream = stream;
        Thread.ofVirtual().start(this::read);
    }

    /// Opens the stream, and returns when its first bytes have come.
    static PageReader open(String page) {
        var http = HttpClient.newHttpClient();
        try {
            var request = HttpRequest.newBuilder(URI.create(page).resolve("/api/stream")).build();
            return new PageReader(http, http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the page was opened", e);
        }
    }

    private void read() {
        byte[] buffer = new byte[1 << 16];
        try {
            int before = 0;
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                bytes.addAndGet(count);
                for (int i = 0; i < count; i++) {
                    if (buffer[i] == '\n' && before == '\n') {
                        frames.incrementAndGet();
                    }
                    before = buffer[i];
                }
            }
        } catch (IOException e) {
            return;         // closed
        }
    }

    long frames() {
        return frames.get();
    }

    long bytes() {
        return bytes.get();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
