package dev.flover.app.options;

import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.loading.ModelSummary;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.Tokenizer;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options `--model` and `--context`.
public final class ModelOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Mixin
    private ModelFileOption file;

    @Option(names = "--context", paramLabel = "N",
            description = "Most positions of a sequence; it determines the size of the KV cache. Default: the context "
                    + "that the model was trained for.")
    private @Nullable Integer context;

    public Path path() {
        return file.path();
    }

    /// Returns the name under which a pipeline serves a model, unless its settings give another.
    public static String servedName(Path model) {
        return model.getFileName().toString().replaceFirst("\\.gguf$", "");
    }

    /// Returns the context length in positions as given; 0 for the model's own.
    ///
    /// @throws ParameterException if it is less than 1
    public int context() {
        if (context != null && context < 1) {
            throw new ParameterException(command.commandLine(), "--context must be at least 1, was " + context);
        }
        return context == null ? 0 : context;
    }

    /// Opens the model, and warns on stderr about settings in its files that Flover cannot follow.
    ///
    /// @throws dev.flover.engine.format.ModelFileException if there is no usable model there
    public Model open() {
        return open(path(), context(), command.commandLine().getErr());
    }

    /// Opens a model like [#open()].
    ///
    /// @param context the context length in positions; 0 for the model's own
    /// @param err     where the warnings are printed
    public static Model open(Path path, int context, PrintWriter err) {
        var model = ModelLoader.open(path, context);
        for (String warning : model.warnings()) {
            err.println("flover: warning: " + path + ": " + warning);
        }
        return model;
    }

    /// Reads the description of the model without loading it.
    public ModelSummary inspect() {
        return ModelLoader.inspect(path(), context());
    }

    /// Opens a model's tokenizer alone; the weights may be missing.
    public static Tokenizer openTokenizer(Path path) {
        return orRefuse(ModelLoader.openTokenizer(path), path);
    }

    /// Returns the tokenizer of a model.
    ///
    /// @throws CommandException if the model has none
    public static Tokenizer tokenizerOf(Model model) {
        return orRefuse(model.tokenizer(), model.path());
    }

    private static Tokenizer orRefuse(@Nullable Tokenizer tokenizer, Path path) {
        if (tokenizer == null) {
            throw new CommandException(path
                    + " has no tokenizer and accepts only token ids; use a file with a vocabulary");
        }
        return tokenizer;
    }
}
