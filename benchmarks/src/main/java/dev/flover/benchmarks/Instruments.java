package dev.flover.benchmarks;

import dev.flover.app.MoreCommands;
import dev.flover.benchmarks.delivery.VerifyDeliveryCommand;
import java.util.List;

/// The commands that measure: `bench` and `verify-delivery`.
public final class Instruments implements MoreCommands {
    @Override
    public List<Class<?>> commands(boolean kafka) {
        return kafka ? List.of(BenchCommand.class, VerifyDeliveryCommand.class) : List.of(BenchCommand.class);
    }
}
