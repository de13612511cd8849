package dev.flover.embedded.broker;

import dev.flover.embedded.BrokerSignals;
import dev.flover.embedded.EmbeddedServerException;
import dev.flover.embedded.FolderTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import kafka.server.KafkaConfig;
import kafka.tools.StorageTool;
import org.apache.kafka.common.utils.Utils;

/// The main class of the child process: formats the folder if it is new, runs Kafka's server, and stops on order or
/// when the parent has ended.
///
/// The parent writes [BrokerSignals#STOP] to standard input. If standard input ends without that byte, the parent has
/// died: the broker then stops, and deletes its folder if that is temporary. Standard output carries one line,
/// [BrokerSignals#READY]; everything else goes to standard error, which is a log file.
final class BrokerProcess {
    private static final String CLUSTER_ID = "Zmxvdmxvdmxvdmxvdmxvdg";
    private static final int STOP_LIMIT_MS = 10_000;

    private BrokerProcess() {}

    /// @param args the path of a `server.properties`; optionally a folder to delete if the parent dies
    public static void main(String[] args) {
        var toParent = System.out;
        System.setOut(System.err);
        try {
            var server = prepare(Path.of(args[0]));
            stopWithParent(server, args.length > 1 ? Optional.of(Path.of(args[1])) : Optional.empty());
            server.start();
            toParent.println(BrokerSignals.READY);
            toParent.flush();
            server.awaitShutdown();
        } catch (RuntimeException | Error e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private static SingleNode prepare(Path settings) {
        String[] format = {
            "format", "--cluster-id", CLUSTER_ID, "--config", settings.toString(), "--ignore-formatted"
        };
        int status = StorageTool.execute(format, System.err);
        if (status != 0) {
            throw new EmbeddedServerException("formatting the folder failed with status " + status);
        }
        RequestTimes.countUniformly();
        try {
            return new SingleNode(KafkaConfig.fromProps(Utils.loadProps(settings.toString()), false));
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + settings, e);
        }
    }

    /// Starts the thread that watches the parent. It is not a daemon thread, because it deletes the folder after the
    /// server's shutdown.
    private static void stopWithParent(SingleNode server, Optional<Path> temporary) {
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
        Thread.ofPlatform().name("watch-parent").start(() -> {
            boolean ordered = awaitOrder();
            haltAfterLimit(ordered ? Optional.empty() : temporary);
            if (ordered) {
                System.exit(0);
            }
            server.shutdown();
            temporary.ifPresent(FolderTree::delete);
            Runtime.getRuntime().halt(0);       // the parent has ended, so no class data need be archived
        });
    }

    /// Returns true when the parent orders a stop, and false when it has died.
    private static boolean awaitOrder() {
        try {
            return System.in.read() == BrokerSignals.STOP;
        } catch (IOException e) {
            System.err.println("the pipe from the parent broke: " + e.getMessage());
            return false;
        }
    }

    /// Ends the process after a time limit, because a server that is told to stop while it starts may hang.
    private static void haltAfterLimit(Optional<Path> temporary) {
        CompletableFuture.delayedExecutor(STOP_LIMIT_MS, TimeUnit.MILLISECONDS).execute(() -> {
            temporary.ifPresent(FolderTree::delete);
            Runtime.getRuntime().halt(1);
        });
    }
}
