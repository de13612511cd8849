package dev.flover.engine.api;

/// Receives the progress of loading a model's weights to a backend.
public interface LoadListener {
    /// Called after each layer, on the thread that loads.
    ///
    /// @param layers the number of layers loaded so far
    /// @param all    the number of layers of the model
    void loaded(int layers, int all);
}
