package dev.flover.engine.format;

import dev.flover.engine.model.Model;
import java.lang.foreign.Arena;

/// The files of one model, of one kind or the other.
sealed interface ModelFiles permits GgufModel, FolderModel {
    /// @param arena given to the model, to be closed with it
    Model model(Arena arena);

    /// @param model as [#model] gave it
    ModelSummary summary(Model model);
}
