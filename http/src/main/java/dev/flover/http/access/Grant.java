package dev.flover.http.access;

import java.util.Set;

/// What the holder of a token may do.
///
/// @param tenant   on whose account, and whose ids are seen; null for everybody's, where there are no tokens
/// @param priority greatest that requests may have
/// @param models   that may be asked for; empty for all
public record Grant(String tenant, int priority, Set<String> models) {
    static final int MOST_PRIORITY = 100;

    /// Where there are no tokens: everything, on whatever account the request says.
    public static final Grant ALL = new Grant(null, MOST_PRIORITY, Set.of());

    public Grant {
        models = Set.copyOf(models);
    }

    public boolean allows(String model) {
        return models.isEmpty() || model != null && models.contains(model);
    }

    /// An id as it is on the topics, where those of tenants are apart.
    public String scoped(String id) {
        return tenant == null ? id : tenant + "/" + id;
    }
}
