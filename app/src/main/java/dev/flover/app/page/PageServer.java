package dev.flover.app.page;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The listener of the page.
///
/// ```
///   /                    the page and its files            everybody whose Host and Origin are accepted
///   /api/stream?engine=N server-sent events: steps of one  the same; with ids only on loopback or with the token
///                        engine, state
///   /api/generation      a request as it was written       with the token
///   /api/follow          an answer as it grows             with the token
///   /api/dead-letters    the newest dead letters           with the token
///   POST /api/submit, /api/cancel, /api/replay             with the token
/// ```
public final class PageServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PageServer.class);
    private static final int MOST_CLIENTS = 32;
    private static final String EVENTS = "text/event-stream; charset=utf-8";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final PageAccess access;
    /// One for each engine of the process.
    private final List<Publisher> publishers;
    private final PageTopics topics;
    private final Optional<String> shownToken;

    private PageServer(HttpServer server, PageConfig config, PageSource source) {
        this.server = server;
        access = config.access();
        shownToken = config.shownToken();
        publishers = IntStream.range(0, source.traces().size()).mapToObj(engine -> new Publisher(source, engine))
                .toList();
        topics = new PageTopics(config.topics());
    }

    /// Starts the listener.
    ///
    /// @throws CommandException if the port is in use
    public static PageServer start(PageConfig config, PageSource source) {
        var page = new PageServer(listener(config), config, source);
        page.serve();
        page.publishers.forEach(Publisher::start);
        page.server.start();
        return page;
    }

    private static HttpServer listener(PageConfig config) {
        var address = new InetSocketAddress(config.host(), config.port());
        if (address.isUnresolved()) {
            throw new CommandException("the page cannot be served at " + config.host() + ": no address is known for "
                    + "that name; give --page a host of this machine");
        }
        try {
            return HttpServer.create(address, 0);
        } catch (BindException e) {
            if (config.orAnyPort()) {
                return listener(config.onAnyPort());
            }
            throw new CommandException("port " + config.port() + " at " + config.host() + " is in use, or this user "
                    + "may not open it; choose another with --page, or --page off", e);
        } catch (IOException e) {
            throw new CommandException("the page cannot be served at " + config.host() + ":" + config.port() + ": "
                    + CommandException.reason(e), e);
        }
    }

    /// The address for a browser on this machine, with the token if it was made for this start.
    public String url() {
        var address = server.getAddress();
        String host = address.getAddress().isAnyLocalAddress() ? "127.0.0.1" : address.getHostString();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort() + "/"
                + shownToken.map(token -> "#token=" + token).orElse("");
    }

    private void serve() {
        server.setExecutor(threads);
        route("/", "GET", false, PageFiles::send);
        route("/api/stream", "GET", false, this::stream);
        route("/api/generation", "GET", true, topics::generation);
        route("/api/follow", "GET", true, topics::follow);
        route("/api/dead-letters", "GET", true, topics::deadLetters);
        route("/api/owners", "GET", true, topics::owners);
        route("/api/submit", "POST", true, topics::submit);
        route("/api/cancel", "POST", true, topics::cancel);
        route("/api/replay", "POST", true, topics::replay);
    }

    /// Answers a request whose host, origin, method and token are right.
    interface Handler {
        void handle(PageExchange exchange) throws IOException, InterruptedException;
    }

    private void route(String path, String method, boolean needsToken, Handler handler) {
        server.createContext(path, exchange -> answer(new PageExchange(exchange), method, needsToken, handler));
    }

    private void answer(PageExchange exchange, String method, boolean needsToken, Handler handler) throws IOException {
        try (exchange) {
            try {
                answerAllowed(exchange, method, needsToken, handler);
            } catch (PageException e) {
                exchange.fail(e.status(), e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                LOG.warn("the page cannot answer {}", exchange.path(), e);
                exchange.fail(500, "the request failed: " + e.getMessage() + "; the log of the pipeline has more");
            }
        }
    }

    private void answerAllowed(PageExchange exchange, String method, boolean needsToken, Handler handler)
            throws IOException, InterruptedException {
        var refusal = access.refusal(exchange.headers());
        if (refusal.isPresent()) {
            exchange.fail(403, refusal.get());
        } else if (!exchange.method().equals(method)) {
            exchange.allow(method);
        } else if (needsToken && !access.hasToken(exchange.headers())) {
            exchange.fail(401, "this needs the token, which `up` prints in the page's address after #token=");
        } else if (method.equals("POST") && !exchange.isJson()) {
            exchange.fail(415, "the Content-Type must be application/json");
        } else {
            handler.handle(exchange);
        }
    }

    /// The number of the engine that a request names, from 1 on; 1 if it names none.
    private int engine(PageExchange exchange) {
        String named = exchange.parameter("engine", "1");
        if (named == null || !named.matches("[1-9]\\d{0,3}") || Integer.parseInt(named) > publishers.size()) {
            throw PageException.badRequest("the parameter engine must be a number from 1 to " + publishers.size()
                    + ", found '" + named + "'");
        }
        return Integer.parseInt(named);
    }

    private void stream(PageExchange exchange) throws IOException, InterruptedException {
        var publisher = publishers.get(engine(exchange) - 1);
        if (publishers.stream().mapToInt(Publisher::clients).sum() >= MOST_CLIENTS) {
            exchange.fail(503, MOST_CLIENTS + " pages are open already; close one");
            return;
        }
        var client = new PageClient(access.mayNameRequests(exchange.headers()));
        try (var out = exchange.begin(EVENTS)) {
            out.write(Publisher.event("hello", "{\"named\":" + client.isNamed() + ",\"token\":"
                    + access.hasToken(exchange.headers()) + ",\"engines\":" + publishers.size() + "}"));
            publisher.add(client);
            client.writeTo(out);
        } finally {
            publisher.remove(client);
        }
    }

    @Override
    public void close() {
        publishers.forEach(Publisher::close);
        server.stop(0);
        threads.shutdownNow();
        topics.close();
    }
}
