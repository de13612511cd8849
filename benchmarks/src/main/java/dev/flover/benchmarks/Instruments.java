package dev.flover.benchmarks;

import dev.flover.app.MoreCommands;
import dev.flover.benchmarks.batch.VerifyBatchCommand;
import dev.flover.benchmarks.delivery.VerifyDeliveryCommand;
import java.util.List;

/// The commands that measure: `bench`, `verify-delivery` and `verify-batch`.
public final class Instruments implements MoreCommands {
    @Override
    public List<Class<?>> commands(boolean kafka) {
        return kafka ? List.of(BenchCommand.class, VerifyDeliveryCommand.class, VerifyBatchCommand.class)
                : List.of(BenchCommand.class);
    }
}
