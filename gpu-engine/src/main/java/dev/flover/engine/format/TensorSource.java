package dev.flover.engine.format;

import dev.flover.engine.tensor.StoredTensor;
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
}
