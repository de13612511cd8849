package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.cpu.kernels.KernelChoices;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A file that keeps which choices of the kernels were measured as the fastest on this processor.
///
/// A file of another processor, of another number of threads, of other kernels or of another format is replaced. If the
/// file cannot be written, the choices are measured at every start.
final class KeptChoices {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Pattern MODEL = Pattern.compile("(model|model name|cpu family|CPU part)\\s*:");
    /// Raised when kernels change so much that other choices may be the fastest.
    private static final int VERSION = 3;

    private final Path file;
    private final String processor;

    KeptChoices(Path file, Kernels kernels, int threads) {
        this.file = file;
        processor = model() + ", " + kernels.name() + ", " + threads + " threads, version " + VERSION;
    }

    /// The choices in the file; null if it has none for this processor.
    @Nullable KernelChoices read() {
        var kept = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            kept.load(in);
            return !processor.equals(kept.getProperty("processor")) ? null : new KernelChoices(
                    number(kept, "ahead-bytes"), number(kept, "prefetching-rows"), number(kept, "chunk-blocks"),
                    number(kept, "small-tiles") == 1);
        } catch (IOException | IllegalArgumentException e) { // not written yet, or not a file of this program
            return null;
        }
    }

    private static int number(Properties kept, String name) {
        return Integer.parseInt(kept.getProperty(name));
    }

    /// @return whether the file could be written
    boolean write(KernelChoices choices) {
        var kept = new Properties();
        kept.setProperty("processor", processor);
        kept.setProperty("ahead-bytes", Integer.toString(choices.aheadBytes()));
        kept.setProperty("prefetching-rows", Integer.toString(choices.aheadRows()));
        kept.setProperty("chunk-blocks", Integer.toString(choices.chunkBlocks()));
        kept.setProperty("small-tiles", choices.smallTiles() ? "1" : "0");
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            try (var out = Files.newBufferedWriter(file)) {
                kept.store(out, "Flover: the fastest choices of kernels here. Delete this file to measure again.");
            }
            return true;
        } catch (IOException e) { // a read-only system: `devices` says that nothing is kept
            return false;
        }
    }

    /// The processor's name, family and model, as Linux has them (virtual machines may give different processors one
    /// name); its architecture elsewhere.
    private static String model() {
        try (var lines = Files.lines(CPU_INFO)) {
            String model = lines.takeWhile(line -> !line.isBlank()) // the first of all processors
                    .filter(line -> MODEL.matcher(line).lookingAt())
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).collect(Collectors.joining(" "));
            return model.isEmpty() ? System.getProperty("os.arch") : model;
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
