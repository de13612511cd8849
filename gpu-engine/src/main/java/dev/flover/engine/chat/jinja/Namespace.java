package dev.flover.engine.chat.jinja;

import java.util.Map;

/// The result of `namespace(...)`: the only value that a template may change from within a loop.
record Namespace(Map<String, Object> values) {}
