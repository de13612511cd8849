package dev.flover.benchmarks.workload;

import dev.flover.app.options.OptionRange;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options `--prompt-tokens` and `--gen-tokens`.
public final class LengthOptions {
    private static final int MOST = 1 << 20;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--prompt-tokens", paramLabel = "N", defaultValue = "32",
            description = "Tokens of each prompt. Default: ${DEFAULT-VALUE}.")
    private int promptTokens;

    @Option(names = "--gen-tokens", paramLabel = "N", defaultValue = "64",
            description = "Tokens of each answer. Default: ${DEFAULT-VALUE}.")
    private int generatedTokens;

    /// @param leastGenerated fewest tokens of an answer
    /// @throws picocli.CommandLine.ParameterException naming the option whose value is out of range
    public void check(int leastGenerated) {
        OptionRange.check(command, "--prompt-tokens", promptTokens, 1, MOST);
        OptionRange.check(command, "--gen-tokens", generatedTokens, leastGenerated, MOST);
    }

    public int promptTokens() {
        return promptTokens;
    }

    public int generatedTokens() {
        return generatedTokens;
    }
}
