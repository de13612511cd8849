import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Rewrites every jar of a folder for a bundle: entries are stored uncompressed, since the archive compresses all of
/// them together better; and native libraries are left out that no program of the bundle can call on Linux x86-64.
///
/// Usage: java StoreJars.java FOLDER
final class StoreJars {
    private static final Pattern NATIVE = Pattern.compile(".*\\.(so|dll|dylib|jnilib|a)");
    /// Native libraries for Linux x86-64, and this project's own. The codecs' jars contain a library for each platform.
    private static final Pattern CALLABLE = Pattern.compile(
            "dev/flover/.*|.*(linux|Linux)[/_-]?(x86_64|amd64|x64|64)[./].*");
    /// All of JCuda's native libraries except the binding of the driver.
    private static final Pattern UNUSED = Pattern.compile("lib/libJ(NvPTXCompiler|Nvrtc|CudaRuntime).*");

    private StoreJars() {}

    public static void main(String[] arguments) throws IOException {
        List<Path> jars;
        try (var files = Files.list(Path.of(arguments[0]))) {
            jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
        for (var jar : jars) {
            store(jar);
        }
    }

    private static void store(Path jar) throws IOException {
        var stored = jar.resolveSibling(jar.getFileName() + ".stored");
        try (var from = new ZipFile(jar.toFile()); var to = new ZipOutputStream(Files.newOutputStream(stored))) {
            for (var entries = from.entries(); entries.hasMoreElements(); ) {
                var entry = entries.nextElement();
                if (isKept(entry.getName())) {
                    copy(entry.getName(), from.getInputStream(entry), to);
                }
            }
        }
        Files.move(stored, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    private static boolean isKept(String name) {
        return !UNUSED.matcher(name).matches()
                && (!NATIVE.matcher(name).matches() || CALLABLE.matcher(name).matches());
    }

    private static void copy(String name, InputStream from, ZipOutputStream to) throws IOException {
        byte[] bytes = from.readAllBytes();
        var crc = new CRC32();
        crc.update(bytes);
        var entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        to.putNextEntry(entry);
        to.write(bytes);
        to.closeEntry();
    }
}
