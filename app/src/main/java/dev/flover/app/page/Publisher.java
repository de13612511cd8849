package dev.flover.app.page;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.api.StepTrace;
import dev.flover.topology.notes.GenerationNotes.Note;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the trace of one engine and the notes ten times a second, and gives a frame to each client. It works only
/// while there is a client.
final class Publisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);
    private static final long FRAME_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int FRAMES_PER_STATE = 5;
    /// The frames that a new client is given first: about the last three seconds.
    private static final int MOST_RECENT = PageClient.MOST_FRAMES - 2;
    private static final int MOST_NAMES = 20_000;

    private final PageSource source;
    private final int engine;
    private final StateFrames states;
    private final ObjectMapper json = new ObjectMapper();
    private final List<PageClient> clients = new CopyOnWriteArrayList<>();
    private final Deque<Frame> recent = new ArrayDeque<>();
    /// The names of live sequences. Those of partitions that moved to another process are forgotten with their age.
    private final Map<Long, Note.Begun> names = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Note.Begun> eldest) {
            return size() > MOST_NAMES;
        }
    };
    private final Thread thread = new Thread(this::run, "flover-page");
    private final StepFrames steps = new StepFrames(System.nanoTime());
    private long readSteps;
    private long readNotes;
    private volatile boolean closing;

    /// A frame with ids and tenants of requests, and without.
    private record Frame(byte[] named, byte[] nameless) {
        byte[] of(PageClient client) {
            return client.isNamed() ? named : nameless;
        }
    }

    /// @param engine the number of the engine, from 0 on
    Publisher(PageSource source, int engine) {
        this.source = source;
        this.engine = engine;
        states = new StateFrames(source);
        thread.setDaemon(true);
    }

    void start() {
        readSteps = trace().begin();
        thread.start();
    }

    /// Lets a client receive frames from now on, after those of the last few seconds.
    void add(PageClient client) {
        synchronized (recent) {
            client.offer(allNames().of(client));
            recent.forEach(frame -> client.offer(frame.of(client)));
            clients.add(client);
        }
        LockSupport.unpark(thread);
    }

    void remove(PageClient client) {
        client.close();
        clients.remove(client);
    }

    int clients() {
        return clients.size();
    }

    private void run() {
        long next = System.nanoTime();
        for (long count = 0; !closing; count++) {
            if (clients.isEmpty()) {
                rest();
                LockSupport.parkNanos(IDLE_NANOS);
                next = System.nanoTime();
                continue;
            }
            try {
                publish(stepFrame());
                if (count % FRAMES_PER_STATE == 0) {
                    publish(stateFrame());
                }
            } catch (RuntimeException e) {
                LOG.warn("the page misses a frame: {}", e.getMessage(), e);
            }
            next = Math.max(next + FRAME_NANOS, System.nanoTime());
            while (!closing && System.nanoTime() < next) {
                LockSupport.parkNanos(next - System.nanoTime());
            }
        }
    }

    /// Forgets the frames that a later client would take for the newest ones. What happens meanwhile is read when a
    /// client comes, as far as the trace still has it.
    private void rest() {
        synchronized (recent) {
            recent.clear();
        }
        readSteps = Math.max(readSteps, trace().begin());
    }

    private void publish(Frame frame) {
        synchronized (recent) {
            recent.add(frame);
            if (recent.size() > MOST_RECENT) {
                recent.remove();
            }
            for (var client : clients) {
                if (!client.offer(frame.of(client))) {
                    client.offer(event("lost", "{\"frames\":" + client.takeDropped() + "}"));
                    client.offer(allNames().of(client));
                }
            }
        }
    }

    private StepTrace trace() {
        return source.traces().get(engine);
    }

    private Frame stateFrame() {
        var state = states.state(steps.takeBusyNanos(), steps.takeSteps());
        return new Frame(event("state", text(state)), event("state", text(states.withoutNames(state))));
    }

    private Frame stepFrame() {
        readSteps = trace().read(readSteps, steps);
        var begun = new ArrayList<Note.Begun>();
        var ended = new ArrayList<Note.Ended>();
        source.notes().ifPresent(notes -> readNotes = notes.read(readNotes, note -> {
            switch (note) {
                case Note.Begun one when one.engine() == engine -> begun.add(one);
                case Note.Begun ofAnotherEngine -> { }
                case Note.Ended one -> ended.add(one);
            }
        }));
        synchronized (recent) {
            begun.forEach(note -> names.put(note.sequence(), note));
            var over = ended.stream().map(note -> note.origin().id()).collect(Collectors.toSet());
            names.values().removeIf(note -> over.contains(note.origin().id()));
        }
        String common = steps.take();
        return new Frame(frame(common, begun, ended, true), frame(common, begun, ended, false));
    }

    private Frame allNames() {
        var all = List.copyOf(names.values());
        return new Frame(frame("\"steps\":[]", all, List.of(), true), frame("\"steps\":[]", all, List.of(), false));
    }

    private byte[] frame(String common, List<Note.Begun> begun, List<Note.Ended> ended, boolean named) {
        var frame = new StringBuilder("{").append(common);
        if (!begun.isEmpty()) {
            frame.append(",\"b\":").append(text(begun.stream().map(note -> NoteForm.of(note, named)).toList()));
        }
        if (!ended.isEmpty()) {
            frame.append(",\"e\":").append(text(ended.stream().map(note -> NoteForm.of(note, named)).toList()));
        }
        return event("steps", frame.append('}').toString());
    }

    private String text(Object value) {
        return json.valueToTree(value).toString();
    }

    static byte[] event(String name, String data) {
        return ("event: " + name + "\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        closing = true;
        clients.forEach(this::remove);
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
