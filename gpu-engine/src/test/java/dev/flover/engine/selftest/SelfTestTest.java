package dev.flover.engine.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.reference.ReferenceBackend;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelfTestTest {
    private static final long SEED = 4;

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "cpu-java"})
    void hostBackendsPass(String name) {
        assertThat(run(() -> Backends.open(name, 2))).isNotEmpty().allMatch(Check::passed);
    }

    @Test
    void aBackendThatIsSlightlyWrongFails() {
        var failed = run(() -> disturbed(new ReferenceBackend())).stream().filter(check -> !check.passed()).toList();
        assertThat(failed).extracting(Check::name).anyMatch(name -> name.contains("norm"));
        assertThat(failed).extracting(Check::name).anyMatch(name -> name.contains("alone and among others"));
    }

    private static List<Check> run(Supplier<Backend> backend) {
        return new SelfTest(backend, SEED, SelfTest.Size.SMALL).run(check -> { });
    }

    /// A backend whose norms use a wrong epsilon if a step has more than two rows.
    private static Backend disturbed(Backend backend) {
        var rows = new int[1];
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("begin")) {
                        rows[0] = ((StepPlan) arguments[0]).rows();
                    }
                    if (method.getName().equals("normalise") && rows[0] > 2) {
                        arguments[4] = 0.3f;
                    }
                    if (method.isDefault() && method.getName().startsWith("project")
                            && !method.getName().equals("projectExperts")) {
                        // runs as the operations that are intercepted above
                        return InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
