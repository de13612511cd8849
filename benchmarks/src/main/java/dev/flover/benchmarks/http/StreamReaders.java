package dev.flover.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// `StreamReaders URL STREAMS ROUNDS`: reads this number of streams and prints when each event was read.
///
/// The times are comparable with those of the parent process, because on Linux System.nanoTime counts from the start of
/// the machine.
final class StreamReaders {
    private StreamReaders() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("expected: URL STREAMS ROUNDS; HttpBenchmark starts this program");
            System.exit(2);
        }
        var url = URI.create(arguments[0]);
        int streams = Integer.parseInt(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        var times = new long[streams * rounds];
        var passed = new AtomicInteger(-1);
        var all = new CyclicBarrier(streams, () ->
                System.out.println(passed.incrementAndGet() == 0 ? "open" : "round"));
        var threads = new Thread[streams];
        for (int i = 0; i < streams; i++) {
            int stream = i;
            threads[i] = Thread.ofVirtual().start(() -> read(url, stream, rounds, times, all));
        }
        for (var thread : threads) {
            thread.join();
        }
        System.out.println(Arrays.stream(times).mapToObj(Long::toString).collect(Collectors.joining(" ")));
    }

    private static void read(URI url, int stream, int rounds, long[] times, CyclicBarrier all) {
        try (var socket = new Socket(url.getHost(), url.getPort());
                var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
            socket.getOutputStream().write(("GET /v1/generations/" + ManyStreams.id(stream) + "/stream?as=completion "
                    + "HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(UTF_8));
            skipToEvent(lines);
            all.await();
            for (int round = 0; round < rounds; round++) {
                skipToEvent(lines);
                times[stream * rounds + round] = System.nanoTime();
                all.await();
            }
        } catch (Exception e) {
            System.err.println("stream " + stream + " broke: " + e);
            Runtime.getRuntime().halt(1);
        }
    }

    private static void skipToEvent(BufferedReader lines) throws Exception {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("data: ")) {
                return;
            }
        }
        throw new IllegalStateException("the stream ended early");
    }
}
