package dev.flover.engine.api;

/// Learns how far the weights of a model have been brought to a backend.
public interface LoadListener {
    /// Called on the thread that loads, after each layer.
    ///
    /// @param layers loaded so far
    /// @param all    of the model
    void loaded(int layers, int all);
}
