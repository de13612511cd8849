package dev.flover.app.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The command line of the broker's process: this JVM and class path, a small heap, and the C1 compiler only.
final class BrokerCommand {
    private static final Path SHELL = Path.of("/bin/sh");

    private BrokerCommand() {}

    /// Options for the heap. A garbage collection stops the broker, and with it a commit, for about 8 ms; with a young
    /// generation of this size, collections are seconds apart. Full collections of 70 to 130 ms happened when metaspace
    /// and code cache outgrew their initial sizes.
    private static final List<String> HEAP = List.of("-XX:+UseSerialGC", "-Xms160m", "-Xmx256m", "-Xmn96m",
            "-XX:MetaspaceSize=96m", "-XX:ReservedCodeCacheSize=240m");

    /// @param temporary a folder that the broker deletes if the parent dies
    static List<String> of(Path settings, Optional<Path> temporary) {
        var command = new ArrayList<String>();
        if (Files.isExecutable(SHELL)) {
            // Ctrl-C sends SIGINT to every process of the terminal, but the parent decides when the broker stops.
            command.addAll(List.of(SHELL.toString(), "-c", "trap '' INT QUIT HUP; exec \"$0\" \"$@\""));
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(HEAP);
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xlog:disable",
                "-Xlog:all=warning:stderr",         // stdout carries one line only
                "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(sharedArchive());
        command.addAll(List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-cp", System.getProperty("java.class.path"),
                BrokerProcess.class.getName(), settings.toString()));
        temporary.ifPresent(folder -> command.add(folder.toString()));
        return command;
    }

    /// An archive of class data, which halves the time of a start. The first run creates it in the folder that the
    /// launch script names, if it names one.
    private static List<String> sharedArchive() {
        var folder = System.getProperty("flover.archives");
        return folder == null ? List.of() : List.of("-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + Path.of(folder, "broker.jsa"));
    }
}
