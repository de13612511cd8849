package dev.flover.engine.loading;

import dev.flover.engine.model.Model;
import java.lang.foreign.Arena;
import java.util.Optional;

/// The files of one model: either a GGUF file or a Hugging Face folder.
sealed interface ModelFiles permits GgufModel, FolderModel {
    /// Loads the model.
    ///
    /// @param arena owns the mapped weights; the model takes it over and closes it
    Model model(Arena arena);

    /// Describes the model.
    ///
    /// @param model the model that [#model] returned
    ModelSummary summary(Model model);

    /// The summary of a file that holds a vocabulary but no weights; empty if there are weights.
    default Optional<ModelSummary> vocabularyAlone() {
        return Optional.empty();
    }
}
