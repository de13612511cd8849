package dev.flover.app.page;

import java.io.IOException;
import java.util.Map;

/// The files of the page, from the class path.
final class PageFiles {
    private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";
    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8", "css", "text/css; charset=utf-8", "svg", "image/svg+xml");
    private static final Map<String, String> LIBRARY = Map.of(
            "/lib/uplot.js", UPLOT + "uPlot.esm.js", "/lib/uplot.css", UPLOT + "uPlot.min.css");

    private PageFiles() {}

    static void send(PageExchange exchange) throws IOException {
        String path = exchange.path().equals("/") ? "/index.html" : exchange.path();
        String type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
        boolean plain = path.matches("/[a-z-]+\\.[a-z]+");
        String resource = LIBRARY.getOrDefault(path, plain ? "/dev/flover/app/page" + path : null);
        try (var in = resource == null ? null : PageFiles.class.getResourceAsStream(resource)) {
            if (in == null || type == null) {
                exchange.fail(404, "there is no " + exchange.path());
            } else {
                exchange.send(200, type, in.readAllBytes());
            }
        }
    }
}
