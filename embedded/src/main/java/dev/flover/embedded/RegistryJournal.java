package dev.flover.embedded;

import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// The file of all calls that changed the registry, in order, each as a line of JSON. Replaying them yields the same
/// ids.
///
/// A line is on disk before its call is answered. If the last line has no end, the process died while writing it; the
/// call was not answered, so the line is removed.
final class RegistryJournal implements AutoCloseable {
    private final FileChannel file;

    private RegistryJournal(FileChannel file) {
        this.file = file;
    }

    static RegistryJournal open(Path path) throws IOException {
        var file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        file.truncate(lengthOfWholeLines(Files.readAllBytes(path)));
        file.position(file.size());
        return new RegistryJournal(file);
    }

    static List<RegistryCall> read(Path path) throws IOException {
        var calls = new ArrayList<RegistryCall>();
        for (var line : Files.readAllLines(path)) {
            calls.add(JacksonMapper.INSTANCE.readValue(line, RegistryCall.class));
        }
        return calls;
    }

    void append(RegistryCall call) throws IOException {
        var line = JacksonMapper.INSTANCE.writeValueAsString(call) + "\n";
        var bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
        file.force(false);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private static int lengthOfWholeLines(byte[] bytes) {
        int length = bytes.length;
        while (length > 0 && bytes[length - 1] != '\n') {
            length--;
        }
        return length;
    }
}
