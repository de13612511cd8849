package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.driver.CudaException;
import dev.flover.engine.backend.cuda.driver.Driver;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// An emulated device that is lost at a chosen call: that call fails, and so do all later calls.
final class FailingDriver {
    private final EmulatedDriver driver;
    private final String call;
    private final String error;
    private int left;

    /// @param call  name of a method of [Driver]
    /// @param after how many calls of this method succeed
    FailingDriver(EmulatedDriver driver, String call, int after, String error) {
        this.driver = driver;
        this.call = call;
        this.error = error;
        left = after;
    }

    Driver driver() {
        return (Driver) Proxy.newProxyInstance(Driver.class.getClassLoader(), new Class<?>[] {Driver.class},
                (proxy, method, arguments) -> {
                    if (!method.getName().matches("close|quieten") && isLost(method.getName())) {
                        throw new CudaException(method.getName(), error, "");
                    }
                    try {
                        return method.invoke(driver, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private boolean isLost(String name) {
        return left < 0 || name.equals(call) && --left < 0;
    }
}
