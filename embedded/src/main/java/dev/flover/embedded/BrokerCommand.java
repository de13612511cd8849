package dev.flover.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The command line of the broker's process: the broker's own class path, a small heap, and the C1 compiler only.
final class BrokerCommand {
    private static final Path SHELL = Path.of("/bin/sh");
    private static final String MAIN = "dev.flover.embedded.broker.BrokerProcess";
    /// Names the broker's class path where the class path of this process has no broker, as the launcher starts it.
    private static final String CLASS_PATH = "flover.broker.classpath";

    /// Options for the heap. A garbage collection stops the broker, and with it a commit, for about 8 ms; with a young
    /// generation of this size, collections are seconds apart. Full collections of 70 to 130 ms happened when metaspace
    /// and code cache outgrew their initial sizes.
    private static final List<String> HEAP = List.of("-XX:+UseSerialGC", "-Xms160m", "-Xmx256m", "-Xmn96m",
            "-XX:MetaspaceSize=96m", "-XX:ReservedCodeCacheSize=240m");
    private static final List<String> LOGGING = List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.log.org.apache.kafka=error", "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.showThreadName=false", "-Dorg.slf4j.simpleLogger.showShortLogName=true",
            "-Dorg.slf4j.simpleLogger.levelInBrackets=true");

    private BrokerCommand() {}

    /// @param temporary a folder that the broker deletes if the parent dies
    /// @throws EmbeddedServerException if this installation has no broker
    static List<String> of(Path settings, Optional<Path> temporary) {
        var command = new ArrayList<String>();
        if (Files.isExecutable(SHELL)) {
            // Ctrl-C sends SIGINT to every process of the terminal, but the parent decides when the broker stops.
            command.addAll(List.of(SHELL.toString(), "-c", "trap '' INT QUIT HUP; exec \"$0\" \"$@\""));
        }
        var java = JavaCommand.of(MAIN).classPath(classPath()).with(HEAP)
                .with("-XX:TieredStopAtLevel=1", "-Xlog:disable",
                        "-Xlog:all=warning:stderr")         // stdout carries one line only
                .with(sharedArchive()).with(LOGGING).arguments(settings.toString());
        temporary.ifPresent(folder -> java.arguments(folder.toString()));
        command.addAll(java.line());
        return command;
    }

    private static String classPath() {
        var named = System.getProperty(CLASS_PATH);
        if (named != null) {
            return named;
        }
        if (BrokerCommand.class.getResource('/' + MAIN.replace('.', '/') + ".class") == null) {
            throw new EmbeddedServerException("this installation has no Kafka broker of its own: name a running cluster"
                    + " with --bootstrap-servers and --schema-registry-url, or use an installation with the broker");
        }
        return System.getProperty("java.class.path");
    }

    /// An archive of class data, which halves the time of a start. The first run creates it in the folder that the
    /// launch script names, if it names one.
    private static List<String> sharedArchive() {
        var folder = System.getProperty("flover.archives");
        return folder == null ? List.of() : List.of("-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + Path.of(folder, "broker.jsa"));
    }
}
