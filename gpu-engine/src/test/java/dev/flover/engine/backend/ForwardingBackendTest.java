package dev.flover.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ForwardingBackendTest {
    /// These are composed of other operations, which a subclass wants to see.
    private static final Set<String> COMPOSED = Set.of("projectNormalised", "projectToHeads", "projectActivated");

    @Test
    void everyOperationIsForwarded() {
        var forwarded = Arrays.stream(ForwardingBackend.class.getDeclaredMethods())
                .map(ForwardingBackendTest::signature).collect(Collectors.toSet());
        var operations = Arrays.stream(Backend.class.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !COMPOSED.contains(method.getName()))
                .map(ForwardingBackendTest::signature).collect(Collectors.toSet());
        assertThat(forwarded).containsAll(operations);
    }

    private static String signature(Method method) {
        return method.getName() + Arrays.toString(method.getParameterTypes());
    }
}
