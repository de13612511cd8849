package dev.flover.app.options;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option `--model`, for commands that have no use for a context length.
public final class ModelFileOption {
    @Option(names = "--model", paramLabel = "FILE",
            description = "GGUF file, or folder with config.json and safetensors. Default: the small model that comes "
                    + "with Flover (3.7M parameters, English novels, one paragraph a generation).")
    private @Nullable Path path;

    public Path path() {
        return path != null ? path : BundledModel.path();
    }
}
