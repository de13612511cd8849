package dev.flover.engine.format;

import dev.flover.engine.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// The tensors of one model, by name.
public interface TensorSource {
    /// For messages.
    Path path();

    Set<String> tensorNames();

    /// @throws ModelFileException if the tensor is there but stored in a way that cannot be read
    Optional<StoredTensor> tensor(String name);
}
