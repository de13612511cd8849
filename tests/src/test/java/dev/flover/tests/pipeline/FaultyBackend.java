package dev.flover.tests.pipeline;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.StepPlan;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// A backend that fails in a chosen way for sequences with certain prompts, and computes all other sequences as usual.
final class FaultyBackend {
    private static final int KILLED = 137;

    private final Backend backend;
    private final List<Poison> poisons;
    private final Map<Integer, Poison> bySlot = new HashMap<>();

    enum Fault {
        /// The step throws an exception.
        THROW,
        /// The process ends in the middle of a step.
        HALT,
        /// The step never ends, and no step after it begins, until the process is killed.
        HOLD,
        /// The step reports that the logits of the sequence are not finite numbers.
        NOT_FINITE
    }

    /// A prompt that makes the backend fail.
    ///
    /// @param prompt      the token ids of the prompt
    /// @param afterTokens how many tokens of the answer are computed before the failure
    record Poison(int[] prompt, Fault fault, int afterTokens) {}

    private FaultyBackend(Backend backend, List<Poison> poisons) {
        this.backend = backend;
        this.poisons = poisons;
    }

    static Backend of(Backend backend, List<Poison> poisons) {
        var faulty = new FaultyBackend(backend, poisons);
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> faulty.call(method, arguments));
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        if (method.getName().equals("begin")) {
            failIn((StepPlan) arguments[0]);
        }
        try {
            return method.invoke(backend, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        } finally {
            if (method.getName().equals("end")) {
                falsify((StepPlan) arguments[0]);
            }
        }
    }

    private void failIn(StepPlan plan) {
        for (int i = 0; i < plan.moves(); i++) {
            var moved = bySlot.remove(plan.moveFrom[i]);
            bySlot.remove(plan.moveTo[i]);
            if (moved != null) {
                bySlot.put(plan.moveTo[i], moved);
            }
        }
        for (var admission : plan.admissions()) {
            bySlot.remove(admission.slot());
            var prompt = Arrays.copyOf(admission.history(), admission.promptLength());
            poisons.stream().filter(poison -> Arrays.equals(poison.prompt(), prompt))
                    .forEach(poison -> bySlot.put(admission.slot(), poison));
        }
        for (int row = 0; row < plan.rows(); row++) {
            var poison = bySlot.get(plan.rowSlots[row]);
            if (poison != null && plan.positions[row] >= poison.prompt().length - 1 + poison.afterTokens()) {
                fail(poison);
            }
        }
    }

    private static void fail(Poison poison) {
        switch (poison.fault()) {
            case THROW -> throw new IllegalStateException("a poison in the batch");
            case HALT -> Runtime.getRuntime().halt(KILLED);
            case HOLD -> hold();
            case NOT_FINITE -> { }
        }
    }

    private static void hold() {
        while (true) {
            LockSupport.park();
        }
    }

    private void falsify(StepPlan plan) {
        for (int i = 0; i < plan.samples(); i++) {
            var poison = bySlot.get(plan.sampleSlots[i]);
            if (poison != null && poison.fault() == Fault.NOT_FINITE
                    && plan.positions[plan.sampleRows[i]] >= poison.prompt().length - 1 + poison.afterTokens()) {
                plan.sampledTokens[i] = StepPlan.NOT_FINITE;
            }
        }
    }
}
