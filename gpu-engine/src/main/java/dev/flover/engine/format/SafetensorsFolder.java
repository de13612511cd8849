package dev.flover.engine.format;

import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The weights of a Hugging Face folder: `model.safetensors`, or else the files that `model.safetensors.index.json`
/// lists.
public final class SafetensorsFolder implements TensorSource {
    private static final String INDEX = "model.safetensors.index.json";
    private static final String SINGLE = "model.safetensors";
    private static final int MAX_FILES = 1000;

    private final Path path;
    private final List<SafetensorsFile> files;
    private final Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();

    private SafetensorsFolder(Path path, List<SafetensorsFile> files) {
        this.path = path;
        this.files = files;
        for (var file : files) {
            for (String name : file.tensorNames()) {
                if (byTensor.put(name, file) != null) {
                    throw new ModelFileException(file.path(), "has tensor " + name + ", which another file has, too");
                }
            }
        }
    }

    public static SafetensorsFolder open(Path folder, Arena arena) {
        var weightMap = weightMap(folder);
        var files = files(folder, weightMap).stream().map(file -> SafetensorsFile.open(file, arena)).toList();
        var opened = new SafetensorsFolder(folder, files);
        if (weightMap != null) {
            opened.check(weightMap);
        }
        return opened;
    }

    private void check(JsonFile weightMap) {
        for (String tensor : weightMap.keys()) {
            if (!byTensor.containsKey(tensor)) {
                throw new ModelFileException(
                        path.resolve(INDEX), "names tensor " + tensor + ", which no file has");
            }
        }
    }

    /// The files with the weights of a folder.
    public static List<Path> files(Path folder) {
        return files(folder, weightMap(folder));
    }

    /// Which file has each tensor; null if there is only one file.
    private static @Nullable JsonFile weightMap(Path folder) {
        if (Files.exists(folder.resolve(SINGLE))) {
            return null;
        }
        var index = folder.resolve(INDEX);
        if (!Files.exists(index)) {
            throw new ModelFileException(folder, "has neither " + SINGLE + " nor " + INDEX
                    + "; weights in other formats (pytorch_model.bin) must be converted to safetensors first");
        }
        return JsonFile.read(index).object("weight_map")
                .orElseThrow(() -> new ModelFileException(index, "has no \"weight_map\""));
    }

    private static List<Path> files(Path folder, @Nullable JsonFile map) {
        if (map == null) {
            return List.of(folder.resolve(SINGLE));
        }
        var index = folder.resolve(INDEX);
        var names = new LinkedHashSet<String>();
        for (String tensor : map.keys()) {
            String name = map.text(tensor).orElseThrow(
                    () -> new ModelFileException(index, "names no file for tensor " + tensor));
            if (!name.matches("[\\w.-]+\\.safetensors")) {
                throw new ModelFileException(index, "puts tensor " + tensor + " in \"" + name
                        + "\", which is not the name of a safetensors file in this folder");
            }
            names.add(name);
        }
        if (names.isEmpty() || names.size() > MAX_FILES) {
            throw new ModelFileException(index, "names " + names.size() + " files; 1 to " + MAX_FILES + " expected");
        }
        return names.stream().map(folder::resolve).toList();
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Set<String> tensorNames() {
        return Collections.unmodifiableSet(byTensor.keySet());
    }

    @Override
    public Optional<StoredTensor> tensor(String name) {
        return Optional.ofNullable(byTensor.get(name)).flatMap(file -> file.tensor(name));
    }

    @Override
    public Optional<MemorySegment> bytes(String name) {
        return Optional.ofNullable(byTensor.get(name)).flatMap(file -> file.bytes(name));
    }

    public List<SafetensorsFile> files() {
        return files;
    }

    public long bytes() {
        return files.stream().mapToLong(SafetensorsFile::bytes).sum();
    }
}
