package dev.flover.topology.models;

/// An order about models is not carried out. The message says why, and what to do instead.
public final class OrderRefusedException extends RuntimeException {
    OrderRefusedException(String message) {
        super(message);
    }
}
