package dev.flover.http;

import dev.flover.http.access.AccessTokens;
import dev.flover.http.access.TokenFileException;
import dev.flover.http.batches.SharedJobs;
import dev.flover.http.openai.TokenTexts;
import dev.flover.http.topics.TopicBridge;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.apache.kafka.common.KafkaException;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/// A running bridge: an HTTP server, and the Kafka clients that write requests and read tokens for it.
public final class Bridge implements AutoCloseable {
    private static final int HEADER_BYTES = 16 << 10;
    /// Number of platform threads for accepting, selecting and timers; requests run on virtual threads.
    private static final int THREADS = 8;

    private final TopicBridge topics;
    private final SharedJobs jobs;
    private final Server server;
    private final ServerConnector connector;
    private final SlowHeads slowHeads;
    private final String host;

    private Bridge(BridgeConfig config, TopicBridge topics, @Nullable AccessTokens tokens, @Nullable TokenTexts texts) {
        this.topics = topics;
        jobs = new SharedJobs(config.topics());
        host = config.host();
        var threads = new QueuedThreadPool(THREADS);
        threads.setName("flover-http");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(VirtualThreads.getNamedVirtualThreadsExecutor("flover-http-request-"));
        server = new Server(threads);
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http()));
        connector.setHost(host);
        connector.setPort(config.port());
        connector.setIdleTimeout(config.limits().idle().toMillis());
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(config.limits().connections(), connector));
        slowHeads = new SlowHeads(connector, config.limits().head());
        server.setHandler(new Routes(config, topics, jobs, new Guard(config, tokens), texts, slowHeads));
        server.setErrorHandler(Exchange::refuseUnread);
        server.setDefaultHandler(null);
    }

    private static HttpConfiguration http() {
        var http = new HttpConfiguration();
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        return http;
    }

    /// Starts a bridge.
    ///
    /// @param texts the model's tokenizer; null if the bridge has none
    /// @throws BridgeStartException saying why it cannot start
    public static Bridge start(BridgeConfig config, @Nullable TokenTexts texts) {
        AccessTokens tokens;
        TopicBridge topics;
        try {
            tokens = config.access().tokens().map(AccessTokens::open).orElse(null);
            topics = TopicBridge.start(config.topics());
        } catch (TokenFileException e) {
            throw new BridgeStartException(e.getMessage(), e);
        } catch (KafkaException e) {
            throw new BridgeStartException("Kafka's clients cannot be set up: " + e.getMessage(), e);
        }
        var bridge = new Bridge(config, topics, tokens, texts);
        try {
            bridge.server.start();
            bridge.slowHeads.start();
            return bridge;
        } catch (Exception e) {
            bridge.close();
            throw new BridgeStartException("cannot listen at " + config.host() + ":" + config.port() + ": "
                    + (e.getCause() instanceof IOException cause ? cause.getMessage() : e.getMessage())
                    + "; choose another address with --http [HOST:]PORT, port 0 for any free one", e);
        }
    }

    /// Returns the address of the server, such as `http://127.0.0.1:8080`.
    public String url() {
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + connector.getLocalPort();
    }

    public int port() {
        return connector.getLocalPort();
    }

    /// Tells whether the bridge reads the topics, so that requests are answered if a pipeline runs.
    public boolean isReady() {
        return topics.isReady();
    }

    /// Tells whether a host name stands for the loopback address, which other machines cannot reach.
    public static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    public void close() {
        slowHeads.close();
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the HTTP server did not stop: " + e.getMessage(), e);
        } finally {
            topics.close();
            jobs.close();
        }
    }
}
