package dev.flover.engine.format;

import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// The tensors of one model file or folder, by name.
public interface TensorSource {
    /// The file or folder, for error messages.
    Path path();

    Set<String> tensorNames();

    /// The tensor with this name; empty if there is none.
    ///
    /// @throws ModelFileException if the tensor exists but is stored in an unsupported type
    Optional<StoredTensor> tensor(String name);

    /// The bytes of a tensor of single bytes, which stand for no numbers by themselves; empty if there is no such
    /// tensor.
    default Optional<MemorySegment> bytes(String name) {
        return Optional.empty();
    }
}
