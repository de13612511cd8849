package dev.flover.topology.models;

/// Thrown when an order about models is refused. The message says why, and what to do instead.
public final class OrderRefusedException extends RuntimeException {
    OrderRefusedException(String message) {
        super(message);
    }
}
