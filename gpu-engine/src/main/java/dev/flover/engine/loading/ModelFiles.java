package dev.flover.engine.loading;

import dev.flover.engine.model.Model;
import java.lang.foreign.Arena;
import java.util.Optional;

/// The files of one model, of one kind or the other.
sealed interface ModelFiles permits GgufModel, FolderModel {
    /// @param arena given to the model, to be closed with it
    Model model(Arena arena);

    /// @param model as [#model] gave it
    ModelSummary summary(Model model);

    /// What there is to say of files with a vocabulary and no weights; empty where there are weights.
    default Optional<ModelSummary> vocabularyAlone() {
        return Optional.empty();
    }
}
