package dev.flover.topology.chat.jinja;

import java.util.Map;

/// What `namespace(...)` gives: the one value that a template may change from within a loop.
record Namespace(Map<String, Object> values) {}
