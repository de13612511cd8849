package dev.flover.engine.backend.cpu;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.WeightFolder;
import dev.flover.engine.backend.cpu.PackedFile.Place;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import dev.flover.engine.tensor.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Packed weights in a file, which all processes that compute with the model map.
///
/// ```
///   the file is whole        map it; no weight is packed
///   there is no such file    pack each matrix, write it to a part file, use the mapped bytes of that from then on; at
///                            the end give it its name
///   another process packs    wait while its part grows
/// ```
///
/// The file's name has the model's fingerprint, the rank and the version of the packed form. A damaged file is
/// replaced. If no file can be written, weights are packed into memory, as without a folder. Used by the thread that
/// loads.
final class KeptWeights implements AutoCloseable {
    /// Bytes of the file that are mapped at a time while it is written. The file ends where the last mapping ends until
    /// it is complete; what has not been written takes no place on the disk.
    private static final long WINDOW = 1L << 30;
    private static final long SAMPLE = 64;

    private final WeightFolder folder;
    private final Path file;
    private final Workers workers;
    private final Arena arena;
    private final long patienceMs;
    /// How often each description of a matrix has been asked for.
    private final Map<String, Integer> asked = new HashMap<>();
    private final Map<String, Place> places = new LinkedHashMap<>();
    /// The mapped file; null while it does not exist.
    private @Nullable MemorySegment mapped;
    private @Nullable PartFile part;
    /// Writes the part; null while nothing is written.
    private @Nullable FileChannel channel;
    /// Mappings of the parts that have been written.
    private final List<MemorySegment> written = new ArrayList<>();
    private MemorySegment window = MemorySegment.NULL;
    private long windowAt;
    private long end = PackedFile.BEGIN;
    private int missing;
    private String replaced = "";
    private String reason = "";
    /// Whether the decision to write a file or not has been made.
    private boolean begun;

    private KeptWeights(WeightFolder folder, Workers workers, Arena arena, long patienceMs) {
        this.folder = folder;
        this.patienceMs = patienceMs;
        this.workers = workers;
        this.arena = arena;
        file = folder.folder().resolve(folder.name() + ".v" + Packer.VERSION + ".packed");
    }

    /// Maps the file of a model if there is one; otherwise the first matrix begins it, so that several engines of a
    /// process, which load one after another, map the file of the first.
    ///
    /// @param arena      owns the mappings
    /// @param patienceMs how long to wait for another process whose file does not grow
    /// @throws IllegalArgumentException if the folder or the file is something else
    static KeptWeights open(WeightFolder folder, Workers workers, Arena arena, long patienceMs) {
        var kept = new KeptWeights(folder, workers, arena, patienceMs);
        if (Files.exists(folder.folder()) && !Files.isDirectory(folder.folder())) {
            throw new IllegalArgumentException(folder.folder() + " is not a folder; expected one for packed weights");
        }
        try {
            kept.mapFile();
        } catch (PackedFile.ForeignFileException e) {
            kept.close();
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (IOException e) {
            kept.fail(e);
        }
        return kept;
    }

    /// @return whether there is a whole file
    private boolean mapFile() throws IOException {
        if (!Files.isRegularFile(file)) {
            if (Files.exists(file)) {
                throw new PackedFile.ForeignFileException(file);
            }
            return false;
        }
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            var all = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            places.putAll(PackedFile.read(file, folder.name(), all, workers).places());
            mapped = all;
            return true;
        } catch (PackedFile.DamagedFileException e) {
            replaced = "the file was replaced, because " + e.getMessage();
            return false;
        }
    }

    private void begin() throws IOException {
        createFolder();
        part = PartFile.lock(file, patienceMs);
        if (mapFile()) { // another process has written it in the meantime
            close();
            return;
        }
        long needed = folder.bytes() + folder.bytes() / 20;
        long free = Files.getFileStore(folder.folder()).getUsableSpace();
        if (free < needed) {
            throw new IOException("the weights take " + gigabytes(needed) + " on the disk, of which "
                    + gigabytes(free) + " are free");
        }
        channel = part.begin();
    }

    private void createFolder() throws IOException {
        try {
            Files.createDirectories(folder.folder());
        } catch (FileAlreadyExistsException e) { // a link to a folder
            if (!Files.isDirectory(folder.folder())) {
                throw e;
            }
        }
    }

    /// The packed weights of a matrix, mapped if the file has them or can be written.
    ///
    /// @param memory where weights are packed that are not in a file
    PackedWeight weight(Matrix matrix, Packer packer, Kernels kernels, SegmentAllocator memory) {
        String key = key(matrix);
        if (mapped == null && !begun) {
            begun = true;
            try {
                begin();
            } catch (IOException e) {
                fail(e);
            }
        }
        if (mapped != null) {
            var place = places.get(key);
            Packer.releasePages(matrix); // which the key has read
            if (place != null && place.bytes() == Packer.bytes(matrix)) {
                return Packer.place(matrix, mapped.asSlice(place.at(), place.bytes()));
            }
            missing++;
            return packer.pack(matrix, memory);
        }
        if (channel == null) {
            return packer.pack(matrix, memory);
        }
        try (var scratch = Arena.ofShared()) {
            var packed = kernels.memory(scratch).allocate(Packer.bytes(matrix), Packer.ALIGNMENT);
            packer.pack(matrix, packed);
            return append(channel, key, matrix, packed);
        } catch (IOException e) {
            fail(e);
            return packer.pack(matrix, memory);
        }
    }

    private PackedWeight append(FileChannel channel, String key, Matrix matrix, MemorySegment packed)
            throws IOException {
        long bytes = packed.byteSize();
        if (end + bytes > windowAt + window.byteSize()) {
            windowAt = end & -PackedFile.BEGIN;
            window = channel.map(MapMode.READ_ONLY, windowAt, Math.max(WINDOW, end - windowAt + bytes), arena);
        }
        for (long at = 0; at < bytes; at += WINDOW) {
            PackedFile.write(channel, packed.asSlice(at, Math.min(WINDOW, bytes - at)).asByteBuffer(),
                    end + at);
        }
        places.put(key, new Place(end, bytes));
        written.add(window.asSlice(end - windowAt, bytes));
        end += bytes;
        return Packer.place(matrix, written.getLast());
    }

    /// Completes the file after the last matrix, and gives it its name.
    void complete() {
        if (part == null || channel == null) {
            return;
        }
        try {
            PackedFile.complete(channel, folder.name(), places, end, workers);
            part.finish();
            close(); // other processes that wait can map the file now
            written.forEach(MemorySegment::load); // so that the first step need not
        } catch (PackedFile.DamagedFileException e) { // the weights of this process are in that file
            throw new EngineException(named("the packed weights cannot be read back: " + e.getMessage()
                    + "; start again, or without packed-weights"), e);
        } catch (IOException e) {
            fail(e);
        }
    }

    /// Describes whether the weights were mapped or written, with the file and its size.
    String describe() {
        String size = file + " (" + gigabytes(end) + ")";
        if (mapped != null) {
            return "mapped from " + file + " (" + gigabytes(mapped.byteSize()) + ")" + (missing == 0 ? ""
                    : "; " + missing + " matrices are not in it and were packed again; remove the file");
        }
        String why = replaced.isEmpty() ? "" : "; " + replaced;
        return reason.isEmpty() ? "packed now, and kept in " + size + why
                : "packed now, and not kept, because " + reason;
    }

    private void fail(IOException e) {
        begun = true;
        reason = switch (e) {
            case AccessDeniedException denied -> denied.getFile() + " cannot be written";
            case FileSystemException system when system.getReason() != null ->
                system.getFile() + ": " + system.getReason();
            default -> named(e.getMessage() == null ? e.toString() : e.getMessage());
        };
        close();
    }

    /// The message of an exception, which names no file where a channel threw it.
    private String named(String message) {
        return message.contains(folder.folder().toString()) ? message : file + ": " + message;
    }

    /// Stops writing, and removes a file that is not complete. The mappings are the arena's.
    @Override
    public void close() {
        if (part != null) {
            part.close();
            part = null;
            channel = null;
        }
    }

    /// Identifies a matrix among those of the model: its place in the model and in the file, samples of its numbers.
    private String key(Matrix matrix) {
        var text = new StringBuilder();
        text.append(matrix.role()).append(' ').append(matrix.kShards()).append(' ').append(matrix.firstInput())
                .append(' ').append(matrix.inputs());
        MessageDigest digest = sha256();
        for (var range : matrix.ranges()) {
            var tensor = range.tensor();
            text.append(' ').append(tensor.type()).append(' ').append(range.firstRow()).append(' ')
                    .append(range.rows()).append(' ').append(tensor.name());
            var rows = tensor.data().asSlice(range.firstRow() * tensor.rowBytes(), range.rows() * tensor.rowBytes());
            long sample = Math.min(SAMPLE, rows.byteSize());
            digest.update(rows.asSlice(0, sample).toArray(ValueLayout.JAVA_BYTE));
            digest.update(rows.asSlice(rows.byteSize() - sample, sample).toArray(ValueLayout.JAVA_BYTE));
        }
        digest.update(text.toString().getBytes(StandardCharsets.UTF_8));
        String key = HexFormat.of().formatHex(digest.digest());
        int before = asked.merge(key, 1, Integer::sum);
        return before == 1 ? key : key + "-" + before;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java runtime has SHA-256", e);
        }
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }
}
