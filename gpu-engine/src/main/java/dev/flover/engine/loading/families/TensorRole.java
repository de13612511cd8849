package dev.flover.engine.loading.families;

/// The purpose of a stored tensor. Files name the same role differently: see [TensorNames].
public enum TensorRole {
    EMBEDDING,
    POSITIONS,
    FINAL_NORM,
    HEAD,

    // In every layer
    ATTENTION_NORM,
    QUERY,
    KEY,
    VALUE,
    QUERY_KEY_VALUE,
    QUERY_DOWN,
    QUERY_DOWN_NORM,
    QUERY_UP,
    KEY_DOWN,
    KEY_DOWN_NORM,
    KEY_VALUE_UP,
    KEY_UP,
    VALUE_UP,
    QUERY_NORM,
    KEY_NORM,
    SINKS,
    ATTENTION_OUT,
    ATTENTION_POST_NORM,
    FEED_FORWARD_NORM,
    GATE,
    UP,
    GATE_UP,
    DOWN,
    FEED_FORWARD_POST_NORM,

    // In every layer with experts
    ROUTER,
    ROUTER_CORRECTION,
    EXPERT_GATE,
    EXPERT_UP,
    EXPERT_GATE_UP,
    EXPERT_DOWN,
    SHARED_GATE,
    SHARED_UP,
    SHARED_DOWN,
    SHARED_ROUTER;

    public boolean isNorm() {
        return switch (this) {
            case FINAL_NORM, ATTENTION_NORM, QUERY_DOWN_NORM, KEY_DOWN_NORM, QUERY_NORM, KEY_NORM,
                    ATTENTION_POST_NORM, FEED_FORWARD_NORM, FEED_FORWARD_POST_NORM -> true;
            case EMBEDDING, POSITIONS, HEAD, QUERY, KEY, VALUE, QUERY_KEY_VALUE, QUERY_DOWN, QUERY_UP, KEY_DOWN,
                    KEY_VALUE_UP, KEY_UP, VALUE_UP, SINKS, ATTENTION_OUT, GATE, UP, GATE_UP, DOWN, ROUTER,
                    ROUTER_CORRECTION, EXPERT_GATE, EXPERT_UP, EXPERT_GATE_UP, EXPERT_DOWN, SHARED_GATE, SHARED_UP,
                    SHARED_DOWN, SHARED_ROUTER -> false;
        };
    }
}
