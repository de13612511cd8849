package dev.flover.http.access;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The rights of a token's holder.
///
/// @param tenant   the tenant of its requests, whose answers it may read; null if the bridge needs no tokens
/// @param priority the greatest priority of its requests
/// @param models   the models that it may ask for; empty for all
public record Grant(@Nullable String tenant, int priority, Set<String> models) {
    static final int MOST_PRIORITY = 100;

    /// The rights of every client of a bridge that needs no tokens: all models, and the tenant that each request names.
    public static final Grant ALL = new Grant(null, MOST_PRIORITY, Set.of());

    public Grant {
        models = Set.copyOf(models);
    }

    public boolean allows(@Nullable String model) {
        return models.isEmpty() || model != null && models.contains(model);
    }

    /// Returns an id as it is on the topics: prefixed by the tenant, so that tenants cannot see each other's answers.
    public String scoped(String id) {
        return tenant == null ? id : tenant + "/" + id;
    }
}
