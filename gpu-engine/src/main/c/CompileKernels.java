import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/// Compiles the kernels in its folder, once for each instruction set, and links them to one shared library. A step of
/// the build.
///
/// Does nothing, and prints why, if there is no C compiler (`CC`, else cc, gcc or clang) or the system is not Linux.
/// Does nothing if the library is newer than every source. Written for Java 17, on which the build may run.
///
/// The user chooses the compiler. If an old compiler does not support an instruction set, the library lacks that set.
/// Warnings, of which newer compilers have more, are errors where the variable `CI` is set, and are only printed
/// elsewhere.
final class CompileKernels {
    private static final Map<String, List<String>> X86_SETS = Map.of(
            "avx512", List.of("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mavx512vnni", "-mfma", "-mf16c"),
            "avx512bf16", List.of("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mavx512vnni", "-mfma",
                    "-mf16c", "-mavx512bf16"),
            "avxvnni", List.of("-mavx2", "-mfma", "-mf16c", "-mavxvnni"),
            "avx2", List.of("-mavx2", "-mfma", "-mf16c"));
    private static final Map<String, List<String>> ARM_SETS = Map.of(
            "dotprod", List.of("-march=armv8.2-a+dotprod"),
            "plain", List.of());
    private static final Map<String, List<String>> OTHER_SETS = Map.of("plain", List.of());
    private static final String ONCE = "machine.c";
    /// A set that adds instructions to another one, and the kernels that use them; it takes all others from that set.
    private static final String ADDING = "avx512bf16";
    private static final Set<String> ADDED = Set.of("project_bf16.c", "ceilings.c");

    private CompileKernels() {}

    /// @param arguments the folder of the sources, the folder of classes into which the library is written, and, to
    ///     compile for other processors than this one, their name (`aarch64`); `CC` then has to name a cross compiler
    public static void main(String[] arguments) throws IOException, InterruptedException, ExecutionException {
        Path sources = Path.of(arguments[0]);
        String here = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        String machine = arguments.length > 2 ? arguments[2] : here;
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        Path library = Path.of(arguments[1], "native", system + "-" + machine, "libflover-kernels.so");
        if (isFresh(library, sources)) {
            return;
        }
        String compiler = compiler();
        if (!system.equals("linux") || compiler == null) {
            System.out.println("No C compiler found (CC, cc, gcc, clang), or the system is not Linux: the CPU backend "
                    + "will use Java's Vector API.");
            return;
        }
        var sets = known(compiler, switch (machine) {
            case "x86_64" -> X86_SETS;
            case "aarch64" -> ARM_SETS;
            default -> OTHER_SETS;
        });
        if (sets.isEmpty()) {
            System.out.println(compiler + " supports none of the kernels' instruction sets: the CPU backend will "
                    + " use Java's Vector API.");
            return;
        }
        compile(compiler, sources, sets, library);
    }

    private static boolean isFresh(Path library, Path sources) throws IOException {
        if (!Files.exists(library)) {
            return false;
        }
        var built = Files.getLastModifiedTime(library);
        for (var source : list(sources)) {
            if (Files.getLastModifiedTime(source).compareTo(built) > 0) {
                return false;
            }
        }
        return true;
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static String compiler() {
        var names = new ArrayList<>(List.of("cc", "gcc", "clang"));
        if (System.getenv("CC") != null) {
            names.add(0, System.getenv("CC"));
        }
        for (var name : names) {
            try {
                if (new ProcessBuilder(name, "--version").redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0) {
                    return name;
                }
            } catch (IOException e) {
                // this compiler is not installed: try the next
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
        return null;
    }

    /// Returns the instruction sets whose options the compiler accepts.
    private static Map<String, List<String>> known(String compiler, Map<String, List<String>> sets)
            throws IOException, InterruptedException {
        var known = new TreeMap<String, List<String>>();
        for (var set : sets.entrySet()) {
            var command = new ArrayList<>(List.of(compiler, "-x", "c", "-c", "/dev/null", "-o", "/dev/null"));
            command.addAll(set.getValue());
            if (new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0) {
                known.put(set.getKey(), set.getValue());
            } else {
                System.out.println(compiler + " does not accept " + String.join(" ", set.getValue())
                        + ": the library gets no kernels for " + set.getKey()
                        + ". Use a newer compiler (CC) to get them.");
            }
        }
        return known;
    }

    private static void compile(String compiler, Path sources, Map<String, List<String>> sets, Path library)
            throws IOException, InterruptedException, ExecutionException {
        Path objects = Files.createTempDirectory("flover-objects-");
        var commands = new ArrayList<List<String>>();
        var linked = new ArrayList<>(List.of(compiler, "-shared", "-o", library.toString()));
        for (var source : list(sources)) {
            String name = source.getFileName().toString();
            if (name.endsWith(".c")) {
                for (var set : name.equals(ONCE) ? Map.of("any", List.<String>of()).entrySet() : sets.entrySet()) {
                    if (set.getKey().equals(ADDING) && !ADDED.contains(name)) {
                        continue;
                    }
                    Path object = objects.resolve(name + "-" + set.getKey() + ".o");
                    var command = new ArrayList<>(List.of(compiler, "-O2", "-std=c17", "-fPIC", "-Wall", "-Wextra",
                            "-Werror=switch", "-ffp-contract=off", "-c", source.toString(), "-o", object.toString()));
                    if (System.getenv("CI") != null) {
                        command.add("-Werror");
                    }
                    command.addAll(set.getValue());
                    commands.add(command);
                    linked.add(object.toString());
                }
            }
        }
        linked.add("-lm");
        runAll(commands);
        Files.createDirectories(library.getParent());
        run(linked);
        for (var object : list(objects)) {
            Files.delete(object);
        }
        Files.delete(objects);
    }

    private static void runAll(List<List<String>> commands) throws InterruptedException, ExecutionException {
        var threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            var runs = threads.invokeAll(commands.stream().<Callable<Void>>map(command -> () -> {
                run(command);
                return null;
            }).toList());
            for (var finished : runs) {
                finished.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("failed: " + String.join(" ", command));
        }
    }
}
