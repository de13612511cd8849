package dev.flover.engine.backend.cuda.driver;

import dev.flover.engine.api.EngineException;
import java.util.Set;

/// Thrown when a call of the CUDA driver has failed. After most such errors the device's context is lost and the engine
/// must be closed.
public final class CudaException extends EngineException {
    /// Errors after which every further call of this process fails, as its context or the device is lost.
    private static final Set<String> LOST = Set.of(
            "CUDA_ERROR_ILLEGAL_ADDRESS", "CUDA_ERROR_LAUNCH_FAILED", "CUDA_ERROR_LAUNCH_TIMEOUT",
            "CUDA_ERROR_ILLEGAL_INSTRUCTION", "CUDA_ERROR_MISALIGNED_ADDRESS", "CUDA_ERROR_INVALID_ADDRESS_SPACE",
            "CUDA_ERROR_INVALID_PC", "CUDA_ERROR_HARDWARE_STACK_ERROR", "CUDA_ERROR_ECC_UNCORRECTABLE",
            "CUDA_ERROR_NVLINK_UNCORRECTABLE", "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA_ERROR_NO_DEVICE",
            "CUDA_ERROR_CONTEXT_IS_DESTROYED", "CUDA_ERROR_UNKNOWN");
    private static final String AFTER_LOSS = "this process has lost the device; restart the process: stored "
            + "generations continue from their last tokens (the kernel log contains the driver's Xid report)";

    private final String call;
    private final String error;

    /// @param call   the name of the driver's function
    /// @param error  the driver's name of the error, such as `CUDA_ERROR_ILLEGAL_ADDRESS`
    /// @param advice what to do; if it is empty and the device is lost, the message gives the advice for a lost device
    public CudaException(String call, String error, String advice) {
        super(message(call, error, advice.isEmpty() && LOST.contains(error) ? AFTER_LOSS : advice));
        this.call = call;
        this.error = error;
    }

    private static String message(String call, String error, String advice) {
        return call + " failed with " + error + (advice.isEmpty() ? "" : ": " + advice);
    }

    public String call() {
        return call;
    }

    public String error() {
        return error;
    }

    /// Whether nothing can be computed until the process has been restarted.
    public boolean isDeviceLost() {
        return LOST.contains(error);
    }

    /// Whether the device had too little memory.
    public boolean isOutOfMemory() {
        return error.equals("CUDA_ERROR_OUT_OF_MEMORY");
    }
}
