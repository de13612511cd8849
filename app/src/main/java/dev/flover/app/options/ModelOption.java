package dev.flover.app.options;

import dev.flover.engine.format.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// `--model`.
public final class ModelOption {
    @Option(names = "--model", paramLabel = "FILE",
            description = "GGUF file, or folder with config.json and safetensors. Default: the small model that comes "
                    + "with Flover (3.7M parameters, English novels, one paragraph a generation).")
    private Path path;

    public Path path() {
        return path != null ? path : BundledModel.path();
    }

    /// @throws dev.flover.engine.format.ModelFileException if there is no usable model there
    public Model open() {
        return ModelLoader.open(path());
    }

    /// The model's tokenizer, where text is needed.
    public static Tokenizer tokenizerOf(Model model) {
        if (model.tokenizer() == null) {
            throw new CommandException(model.path()
                    + " has no tokenizer, so it takes token ids only; use a file with a vocabulary");
        }
        return model.tokenizer();
    }
}
