package dev.flover.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.Writer;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/// The compiler's check of null does not know which fields picocli fills. This test checks them instead.
class NullableOptionsTest {
    @Test
    void theFieldOfAnOptionThatMayBeMissingIsNullable() {
        var nowhere = new PrintWriter(Writer.nullWriter());
        var wrong = new ArrayList<String>();
        int checked = check(Main.commandLine(nowhere, nowhere), wrong);

        assertThat(wrong).isEmpty();
        assertThat(checked).isGreaterThan(30);
    }

    private static int check(CommandLine command, List<String> wrong) {
        int checked = 0;
        for (var argument : command.getCommandSpec().args()) {
            if (argument.userObject() instanceof Field field && mayBeMissing(argument)
                    && !field.getType().isPrimitive() && isMarked(field.getDeclaringClass())) {
                checked++;
                if (!field.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                    wrong.add(field.getDeclaringClass().getSimpleName() + "." + field.getName());
                }
            }
        }
        for (var below : command.getSubcommands().values()) {
            checked += check(below, wrong);
        }
        return checked;
    }

    private static boolean isMarked(Class<?> type) {
        return type.getPackage().isAnnotationPresent(NullMarked.class);
    }

    private static boolean mayBeMissing(ArgSpec argument) {
        return !argument.required() && argument.defaultValue() == null && argument.initialValue() == null;
    }
}
