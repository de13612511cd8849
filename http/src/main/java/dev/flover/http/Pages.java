package dev.flover.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.openai.ApiError;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/// Sends a list page by page, as the `limit` and `after` of the query ask for.
final class Pages {
    private Pages() {}

    /// @param standard the length of a page if the query does not say it
    static <T> void send(Exchange exchange, List<T> all, int standard, Function<T, String> id,
            Function<T, ObjectNode> form) throws IOException {
        int most = Math.max(100, standard);
        String said = exchange.query("limit").orElse(Integer.toString(standard));
        if (!said.matches("\\d{1,6}") || Integer.parseInt(said) < 1 || Integer.parseInt(said) > most) {
            throw ApiError.invalid("limit", "limit must be in [1, " + most + "], was " + said);
        }
        var rest = exchange.query("after").map(after -> behind(all, id, after)).orElse(all);
        var page = rest.subList(0, Math.min(rest.size(), Integer.parseInt(said)));
        var list = JsonNodeFactory.instance.objectNode().put("object", "list");
        var data = list.putArray("data");
        page.forEach(each -> data.add(form.apply(each)));
        list.put("first_id", page.isEmpty() ? null : id.apply(page.getFirst()));
        list.put("last_id", page.isEmpty() ? null : id.apply(page.getLast()));
        list.put("has_more", page.size() < rest.size());
        exchange.sendJson(200, list);
    }

    private static <T> List<T> behind(List<T> all, Function<T, String> id, String after) {
        for (int i = 0; i < all.size(); i++) {
            if (id.apply(all.get(i)).equals(after)) {
                return all.subList(i + 1, all.size());
            }
        }
        throw ApiError.invalid("after", "after must be the id of an entry of this list, was " + after);
    }
}
