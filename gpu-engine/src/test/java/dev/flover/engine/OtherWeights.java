package dev.flover.engine;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Models of the same families with weights from elsewhere, which are not part of the repository: each a folder with
/// `config.json`, `model.safetensors` and a `reference.json` like that of [RandomFamilies].
///
/// `-Dflover.models=FOLDER` names the folder that holds them, or several, separated as in a class path. Without it,
/// they are looked for in `../shared/data` beside the checkout. No test depends on them alone: the repository has
/// weights of its own for every family.
public final class OtherWeights {
    private OtherWeights() {}

    /// The given folders, and after them those with other weights.
    ///
    /// @throws UncheckedIOException if the option names something that is not a folder
    public static List<Path> after(List<Path> given) {
        var folders = new ArrayList<>(given);
        String named = System.getProperty("flover.models", "");
        if (named.isEmpty()) {
            for (String group : List.of("tiny-models", "tiny-models-today")) {
                var beside = Path.of("..", "..", "shared", "data", group);
                folders.addAll(Files.isDirectory(beside) ? in(beside) : List.of());
            }
        } else {
            Arrays.stream(named.split(File.pathSeparator)).map(Path::of).forEach(group -> folders.addAll(in(group)));
        }
        return folders;
    }

    private static List<Path> in(Path group) {
        try (var models = Files.list(group)) {
            return models.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("reading the models in " + group, e);
        }
    }
}
