package dev.flover.engine.backend.cuda;

import dev.flover.engine.EngineException;

/// A call of the CUDA driver failed. After most of these the device's context is lost and the engine must be closed.
public final class CudaException extends EngineException {
    private final String call;
    private final String error;

    /// @param call  the driver's function
    /// @param error the driver's name for what happened, such as `CUDA_ERROR_ILLEGAL_ADDRESS`
    /// @param advice what to do, or empty
    CudaException(String call, String error, String advice) {
        super(call + " failed with " + error + (advice.isEmpty() ? "" : ": " + advice));
        this.call = call;
        this.error = error;
    }

    public String call() {
        return call;
    }

    public String error() {
        return error;
    }

    /// Whether the device had too little memory.
    public boolean isOutOfMemory() {
        return error.equals("CUDA_ERROR_OUT_OF_MEMORY");
    }
}
