package dev.flover.topology.models;

import org.jspecify.annotations.Nullable;

/// Thrown when an order about models is refused. The message says why, and what to do instead.
public final class OrderRefusedException extends RuntimeException {
    OrderRefusedException(@Nullable String message) {
        super(message);
    }
}
