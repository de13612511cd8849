package dev.flover.app.options;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The model that comes with Flover. It is a file and not a resource of the jar, so that it can be memory-mapped.
public final class BundledModel {
    /// Set by the launcher and the image to the folder that holds `models/`.
    public static final String HOME_PROPERTY = "flover.home";

    private static final Path FILE = Path.of("models", "novelist-f16.gguf");

    private BundledModel() {}

    /// Returns the path of the model: in the folder `flover.home`, or, if that is not set, in a folder above the code.
    public static Path path() {
        String home = System.getProperty(HOME_PROPERTY);
        if (home != null) {
            return present(Path.of(home));
        }
        for (Path folder = codeLocation(); folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve(FILE))) {
                return folder.resolve(FILE);
            }
        }
        throw new CommandException("no folder above " + codeLocation() + " holds the bundled model; "
                + "set -D" + HOME_PROPERTY + " to the folder that holds " + FILE + ", or give --model");
    }

    private static Path present(Path home) {
        Path file = home.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new CommandException("the bundled model is missing: expected " + file + "; give --model");
        }
        return file;
    }

    private static Path codeLocation() {
        try {
            return Path.of(BundledModel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError("a code source that is no URI", e);
        }
    }
}
