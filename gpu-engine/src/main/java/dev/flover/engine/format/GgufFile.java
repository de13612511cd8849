package dev.flover.engine.format;

import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// A mapped GGUF file (version 2 or 3): its metadata and its tensors by name. A model that is split over several files
/// is one object of this class.
///
/// ```
///   "GGUF" version | counts | metadata: key, type, value ... | directory: name, shape, type, offset ... | data
/// ```
///
/// The layout is that of ggml's GGUF specification.
public final class GgufFile implements TensorSource {
    private static final Pattern SPLIT = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
    private static final int MAX_PARTS = 999;

    private final Path path;
    private final int version;
    private final GgufMetadata metadata;
    private final Map<String, StoredTensor> tensors;
    private final List<MemorySegment> headers;
    private final long bytes;

    private GgufFile(Path path, List<GgufReader.Part> parts, Map<String, StoredTensor> tensors, long bytes) {
        this.path = path;
        this.version = parts.getFirst().version();
        this.metadata = parts.getFirst().metadata();
        this.tensors = Collections.unmodifiableMap(tensors);
        this.headers = parts.stream().map(GgufReader.Part::header).toList();
        this.bytes = bytes;
    }

    /// Maps the file. If it is one part of a split model, maps all parts. The tensors live as long as the arena.
    ///
    /// @throws ModelFileException if the file is not a valid GGUF file of a supported version
    public static GgufFile open(Path path, Arena arena) {
        var parts = new ArrayList<GgufReader.Part>();
        var tensors = new LinkedHashMap<String, StoredTensor>();
        long bytes = 0;
        for (var file : files(path)) {
            var mapped = MappedFile.map(file, arena);
            bytes += mapped.file().bytes();
            var part = new GgufReader(mapped).read();
            parts.add(part);
            for (var tensor : part.tensors().values()) {
                if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
                    throw new ModelFileException(file, "has tensor " + tensor.name() + ", which another part has, too");
                }
            }
        }
        return checked(new GgufFile(path, parts, tensors, bytes), parts.size());
    }

    private static List<Path> files(Path path) {
        var name = SPLIT.matcher(String.valueOf(path.getFileName()));
        if (!name.matches()) {
            return List.of(path);
        }
        int count = Integer.parseInt(name.group(3));
        if (count < 1 || count > MAX_PARTS) {
            throw new ModelFileException(path, "names " + count + " parts; 1 to " + MAX_PARTS + " are possible");
        }
        var files = new ArrayList<Path>();
        for (int i = 1; i <= count; i++) {
            files.add(path.resolveSibling("%s-%05d-of-%05d.gguf".formatted(name.group(1), i, count)));
        }
        return files;
    }

    private static GgufFile checked(GgufFile file, int parts) {
        int expected = file.metadata.integer("split.count").orElse(1);
        if (expected > 1 && parts != expected) {
            throw new ModelFileException(file.path, ("is one of %d parts; keep the names they were published under"
                    + " (NAME-00001-of-%05d.gguf) and point to the first").formatted(expected, expected));
        }
        int count = file.metadata.integer("split.tensors.count").orElse(file.tensors.size());
        if (count != file.tensors.size()) {
            throw new ModelFileException(
                    file.path, "should have " + count + " tensors in all its parts, found " + file.tensors.size());
        }
        return file;
    }

    @Override
    public Path path() {
        return path;
    }

    public int version() {
        return version;
    }

    /// The metadata; that of the first part if the model is split.
    public GgufMetadata metadata() {
        return metadata;
    }

    @Override
    public Set<String> tensorNames() {
        return tensors.keySet();
    }

    @Override
    public Optional<StoredTensor> tensor(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /// The tensors by name, in the file's order.
    public Map<String, StoredTensor> tensors() {
        return tensors;
    }

    /// The bytes before the tensors' data, one segment for each part.
    public List<MemorySegment> headers() {
        return headers;
    }

    /// The number of files that the model was split into; usually 1.
    public int parts() {
        return headers.size();
    }

    /// The size on disk in bytes, all parts together.
    public long bytes() {
        return bytes;
    }
}
