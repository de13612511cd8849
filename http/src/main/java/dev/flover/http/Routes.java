package dev.flover.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.access.Grant;
import dev.flover.http.batches.Batches;
import dev.flover.http.batches.FileStore;
import dev.flover.http.batches.SharedJobs;
import dev.flover.http.jobs.JobsException;
import dev.flover.http.openai.ApiError;
import dev.flover.http.openai.TokenTexts;
import dev.flover.http.topics.LostChunksException;
import dev.flover.http.topics.SlowReaderException;
import dev.flover.http.topics.TopicBridge;
import dev.flover.http.topics.UnavailableException;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls the handler of each path and method. A failure becomes an error object as long as no part of the response was
/// sent.
final class Routes extends Handler.Abstract {
    private static final Logger LOG = LoggerFactory.getLogger(Routes.class);
    private static final String GET = "GET";
    private static final String POST = "POST";
    private static final String DELETE = "DELETE";
    private static final String METHODS = "GET, HEAD, POST, DELETE, OPTIONS";
    private static final String EXPOSED = "Flover-Generation, Retry-After, ETag, Stream-Next-Offset, Stream-Cursor, "
            + "Stream-Up-To-Date, Stream-Closed";

    private final BridgeConfig config;
    private final TopicBridge topics;
    private final Guard guard;
    private final @Nullable TokenTexts texts;
    private final SlowHeads slowHeads;
    private final Map<String, Methods> routes = new LinkedHashMap<>();

    /// The methods of a path.
    private record Methods(Pattern path, Map<String, Route> routes) {}

    private interface Route {
        void answer(Exchange exchange, Matcher path) throws IOException, InterruptedException;
    }

    private interface Granted {
        void answer(Exchange exchange, Grant grant, Matcher path) throws IOException, InterruptedException;
    }

    /// @param texts the model's tokenizer; null if the bridge has none
    Routes(BridgeConfig config, TopicBridge topics, SharedJobs jobs, Guard guard, @Nullable TokenTexts texts,
            SlowHeads slowHeads) {
        this.config = config;
        this.topics = topics;
        this.guard = guard;
        this.texts = texts;
        this.slowHeads = slowHeads;
        var backlog = new Backlog(config.limits().waiting(), () -> topics.cluster().lag(), System::nanoTime);
        var completions = new Completions(config, topics, backlog, texts);
        var streams = new ResumedStreams(config, topics, texts);
        granted("/v1/completions", POST, (exchange, grant, path) -> completions.answer(exchange, grant, false));
        granted("/v1/chat/completions", POST, (exchange, grant, path) -> completions.answer(exchange, grant, true));
        granted("/v1/models", GET, (exchange, grant, path) -> models(exchange, grant));
        granted("/v1/models/(.+)", GET, (exchange, grant, path) -> model(exchange, grant, path.group(1)));
        granted("/v1/generations/([^/]+)/stream", GET,
                (exchange, grant, path) -> streams.stream(exchange, grant, path.group(1)));
        granted("/v1/generations/([^/]+)/cancel", POST,
                (exchange, grant, path) -> streams.cancel(exchange, grant, path.group(1)));
        var durable = new DurableStreams(config, topics);
        granted("/v1/generations/([^/]+)", GET,
                (exchange, grant, path) -> durable.chunks(exchange, grant, path.group(1)));
        granted("/v1/generations/([^/]+)/text", GET,
                (exchange, grant, path) -> durable.text(exchange, grant, path.group(1)));
        filesAndBatches(jobs);
        granted("/tokenize", POST, (exchange, grant, path) -> tokenize(exchange));
        granted("/detokenize", POST, (exchange, grant, path) -> detokenize(exchange));
        route("/livez", GET, (exchange, path) -> exchange.sendText(200, "alive\n"));
        route("/readyz", GET, (exchange, path) -> ready(exchange));
    }

    private void filesAndBatches(SharedJobs jobs) {
        var store = new FileStore(jobs, config.uploads(), System::currentTimeMillis);
        var files = new FileRoutes(store);
        granted("/v1/files", POST, (exchange, grant, path) -> files.upload(exchange, grant));
        granted("/v1/files", GET, (exchange, grant, path) -> files.list(exchange, grant));
        granted("/v1/files/([^/]+)", GET, (exchange, grant, path) -> files.retrieve(exchange, grant, path.group(1)));
        granted("/v1/files/([^/]+)", DELETE, (exchange, grant, path) -> files.delete(exchange, grant, path.group(1)));
        granted("/v1/files/([^/]+)/content", GET,
                (exchange, grant, path) -> files.content(exchange, grant, path.group(1)));
        var batches = new BatchRoutes(config, new Batches(jobs, store, System::currentTimeMillis), topics);
        granted("/v1/batches", POST, (exchange, grant, path) -> batches.create(exchange, grant));
        granted("/v1/batches", GET, (exchange, grant, path) -> batches.list(exchange, grant));
        granted("/v1/batches/([^/]+)", GET,
                (exchange, grant, path) -> batches.retrieve(exchange, grant, path.group(1)));
        granted("/v1/batches/([^/]+)/cancel", POST,
                (exchange, grant, path) -> batches.cancel(exchange, grant, path.group(1)));
    }

    private void granted(String path, String method, Granted granted) {
        route(path, method, (exchange, matcher) -> granted.answer(exchange, guard.grant(exchange), matcher));
    }

    private void route(String path, String method, Route route) {
        routes.computeIfAbsent(path, each -> new Methods(Pattern.compile(each), new LinkedHashMap<>())).routes()
                .put(method, route);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        var endPoint = request.getConnectionMetaData().getConnection().getEndPoint();
        request.addIdleTimeoutListener(timeout -> false);       // an answer may take longer than the idle timeout
        slowHeads.enter(endPoint);
        var exchange = new Exchange(request, response);
        try {
            answer(exchange);
            slowHeads.leave(endPoint);
            callback.succeeded();
        } catch (IOException | RuntimeException e) {
            slowHeads.leave(endPoint);
            if (exchange.isCommitted()) {
                LOG.info("{} {} broke off: {}", exchange.method(), exchange.path(), e.getMessage());
                callback.failed(e);     // the client sees an incomplete body
            } else {
                refuse(exchange, error(e), callback);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            callback.failed(e);
        }
        return true;
    }

    private static void refuse(Exchange exchange, ApiError error, Callback callback) {
        try {
            exchange.sendError(error);
            callback.succeeded();
        } catch (IOException e) {
            callback.failed(e);
        }
    }

    private static ApiError error(Exception problem) {
        return switch (problem) {
            case ApiError error -> error;
            case JsonFormException wrong -> ApiError.invalid(null, wrong.getMessage());
            case UnavailableException later -> ApiError.unavailable(later.getMessage());
            case JobsException gone when gone.isGone() -> ApiError.of(410, "file_gone", gone.getMessage());
            case JobsException later -> ApiError.unavailable(later.getMessage());
            case LostChunksException lost -> ApiError.of(410, "tokens_gone", lost.getMessage());
            case SlowReaderException slow -> ApiError.of(503, "slow_reader", slow.getMessage());
            case IllegalArgumentException tooLarge -> ApiError.of(413, "request_too_large", tooLarge.getMessage());
            case IOException reading -> Exchange.ofReading(reading)
                    .orElse(ApiError.of(400, "bad_request", "the body could not be read: " + reading.getMessage()));
            default -> {
                LOG.error("a request failed", problem);
                yield ApiError.failed("the bridge failed: " + problem);
            }
        };
    }

    private void answer(Exchange exchange) throws IOException, InterruptedException {
        exchange.setHeader("X-Content-Type-Options", "nosniff");
        guard.requireOrigin(exchange);
        exchange.header("Origin").filter(guard::isAllowed).ifPresent(origin -> {
            exchange.setHeader("Access-Control-Allow-Origin", origin);
            exchange.setHeader("Access-Control-Expose-Headers", EXPOSED);
            exchange.setHeader("Vary", "Origin");
        });
        for (var methods : routes.values()) {
            var path = methods.path().matcher(exchange.path());
            if (path.matches()) {
                answer(exchange, path, methods.routes());
                return;
            }
        }
        throw ApiError.notFound("unknown_url", "there is nothing at " + exchange.path());
    }

    private static void answer(Exchange exchange, Matcher path, Map<String, Route> methods)
            throws IOException, InterruptedException {
        var route = methods.get(exchange.method().equals("HEAD") ? GET : exchange.method());
        if (route != null) {
            route.answer(exchange, path);
        } else if (exchange.method().equals("OPTIONS")) {
            exchange.setHeader("Access-Control-Allow-Methods", METHODS);
            exchange.setHeader("Access-Control-Allow-Headers", exchange.header("Access-Control-Request-Headers")
                    .orElse("Authorization, Content-Type"));
            exchange.setHeader("Access-Control-Max-Age", "600");
            exchange.sendNothing(204);
        } else {
            exchange.setHeader("Allow", String.join(", ", methods.keySet())
                    + (methods.containsKey(GET) ? ", HEAD" : ""));
            throw ApiError.of(405, "method_not_allowed", exchange.path() + " takes "
                    + String.join(" and ", methods.keySet()) + ", was " + exchange.method());
        }
    }

    private void ready(Exchange exchange) throws IOException {
        var cluster = topics.cluster();
        boolean reads = topics.isReady();
        exchange.sendText(reads ? 200 : 503, reads ? "ready: " + (cluster.hasPipeline()
                ? "models " + String.join(", ", cluster.models()) : "no pipeline has registered yet") + "\n"
                : "not ready: " + (cluster.problem() == null ? "the tokens topic is not read yet" : cluster.problem())
                        + "\n");
    }

    private void models(Exchange exchange, Grant grant) throws IOException {
        var list = JsonNodeFactory.instance.objectNode().put("object", "list");
        var data = list.putArray("data");
        for (String name : topics.cluster().models()) {
            if (grant.allows(name)) {
                data.add(model(name));
            }
        }
        exchange.sendJson(200, list);
    }

    private ObjectNode model(String name) {
        var assignment = topics.cluster().assignment();
        return JsonNodeFactory.instance.objectNode().put("id", name).put("object", "model").put("created", 0)
                .put("owned_by", assignment == null ? null : assignment.groupFor(name));
    }

    private void model(Exchange exchange, Grant grant, String name) throws IOException {
        if (!grant.allows(name) || !topics.cluster().models().contains(name)) {
            throw ApiError.notFound("model_not_found", "the model '" + name + "' is not served here");
        }
        exchange.sendJson(200, model(name));
    }

    private JsonNode body(Exchange exchange) throws IOException {
        Guard.requireJson(exchange);
        byte[] body = exchange.body(config.limits().bodyBytes());
        tokenizer();        // a bridge that has none says so before it looks at the body
        return JsonRequests.parse(body);
    }

    private TokenTexts tokenizer() {
        if (texts == null) {
            throw ApiError.of(501, "no_tokenizer", "this bridge has no tokenizer; `flover serve --http-model FILE` "
                    + "gives it one");
        }
        return texts;
    }

    private void tokenize(Exchange exchange) throws IOException {
        var prompt = body(exchange).path("prompt");
        if (!prompt.isTextual()) {
            throw ApiError.invalid("prompt", "prompt must be a text, was " + (prompt.isMissingNode() ? "missing"
                    : prompt.getNodeType()));
        }
        int[] ids = tokenizer().encode(prompt.textValue());
        var said = JsonNodeFactory.instance.objectNode().put("count", ids.length)
                .put("max_model_len", tokenizer().contextLength());
        var tokens = said.putArray("tokens");
        for (int id : ids) {
            tokens.add(id);
        }
        exchange.sendJson(200, said);
    }

    private void detokenize(Exchange exchange) throws IOException {
        var tokens = body(exchange).path("tokens");
        var ids = new int[tokens.size()];
        boolean good = tokens.isArray();
        for (int i = 0; i < ids.length && good; i++) {
            good = tokens.get(i).canConvertToInt() && tokens.get(i).isIntegralNumber();
            ids[i] = tokens.get(i).intValue();
        }
        if (!good) {
            throw ApiError.invalid("tokens", "tokens must be an array of token ids");
        }
        try {
            exchange.sendJson(200, JsonNodeFactory.instance.objectNode().put("prompt", tokenizer().decode(ids)));
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid("tokens", e.getMessage());
        }
    }
}
