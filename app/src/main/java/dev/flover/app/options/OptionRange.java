package dev.flover.app.options;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Checks that the whole number of an option is in its range, with an error that names the option.
public final class OptionRange {
    private OptionRange() {}

    /// @throws ParameterException if the value is not in [least, most]
    public static void check(CommandSpec command, String option, long value, long least, long most) {
        if (value < least || value > most) {
            String expected = most == Integer.MAX_VALUE ? "at least " + least : "in [" + least + ", " + most + "]";
            throw new ParameterException(command.commandLine(), option + " must be " + expected + ", was " + value);
        }
    }
}
