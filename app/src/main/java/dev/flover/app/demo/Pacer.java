package dev.flover.app.demo;

import dev.flover.engine.backend.Backend;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.locks.LockSupport;

/// Makes each step of a backend last at least a given time, so that a person can follow, until it is released.
///
/// It waits on the thread of the step, where a larger model would compute, so the rest of the pipeline behaves as
/// usual.
final class Pacer {
    private volatile long stepNanos;
    private long nextEnd = System.nanoTime();

    /// @param stepsPerSecond the most steps per second; 0 for no limit
    Pacer(double stepsPerSecond) {
        stepNanos = stepsPerSecond == 0 ? 0 : (long) (1e9 / stepsPerSecond);
    }

    void release() {
        stepNanos = 0;
    }

    Backend slowing(Backend backend) {
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, verb, arguments) -> {
                    try {
                        Object result = verb.invoke(backend, arguments);
                        if (verb.getName().equals("end")) {
                            waitForStepEnd();
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private void waitForStepEnd() {
        for (long rest = nextEnd - System.nanoTime(); rest > 0 && stepNanos > 0; rest = nextEnd - System.nanoTime()) {
            LockSupport.parkNanos(rest);
        }
        nextEnd = Math.max(nextEnd, System.nanoTime()) + stepNanos;
    }
}
