package dev.flover.tests.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The addresses at which a process listens, as Linux lists them in `/proc`.
final class ListeningSockets {
    private static final Pattern SOCKET = Pattern.compile("socket:\\[(\\d+)]");
    private static final String LISTEN = "0A";
    private static final int LOCAL_ADDRESS = 1;
    private static final int STATE = 3;
    private static final int INODE = 9;

    private ListeningSockets() {}

    static boolean canBeSeen() {
        return Files.isReadable(Path.of("/proc/self/net/tcp"));
    }

    /// Returns addresses in the kernel's notation: hexadecimal, each 32-bit word in the machine's byte order.
    static Set<String> of(List<ProcessHandle> processes) throws IOException {
        var addresses = new TreeSet<String>();
        for (var process : processes) {
            var folder = Path.of("/proc", Long.toString(process.pid()));
            var inodes = inodes(folder.resolve("fd"));
            for (var table : List.of("tcp", "tcp6")) {
                addresses.addAll(listening(folder.resolve("net").resolve(table), inodes));
            }
        }
        return addresses;
    }

    private static Set<String> inodes(Path descriptors) throws IOException {
        var inodes = new HashSet<String>();
        try (var links = Files.newDirectoryStream(descriptors)) {
            for (var link : links) {
                var socket = SOCKET.matcher(target(link));
                if (socket.matches()) {
                    inodes.add(socket.group(1));
                }
            }
        }
        return inodes;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";       // the descriptor was closed after the folder was listed
        }
    }

    private static Set<String> listening(Path table, Set<String> inodes) throws IOException {
        var addresses = new TreeSet<String>();
        if (!Files.exists(table)) {
            return addresses;
        }
        for (var line : Files.readAllLines(table)) {
            var columns = line.strip().split("\\s+");
            if (columns.length > INODE && columns[STATE].equals(LISTEN) && inodes.contains(columns[INODE])) {
                addresses.add(columns[LOCAL_ADDRESS].substring(0, columns[LOCAL_ADDRESS].indexOf(':')));
            }
        }
        return addresses;
    }
}
