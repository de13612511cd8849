package dev.flover.topology;

import dev.flover.engine.model.Model;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.generation.GenerationList;
import dev.flover.topology.generation.ProcessLife;
import dev.flover.topology.generation.TokenEngine;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.parking.CancelsAhead;
import dev.flover.topology.position.UnreadGaps;
import dev.flover.topology.request.ChatPrompts;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.FairTurns;
import dev.flover.topology.request.ForeignTopics;
import dev.flover.topology.request.Inquiries;
import dev.flover.topology.request.ReplyTopics;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestMentions;
import dev.flover.topology.results.ResultReader;
import dev.flover.topology.setup.InstanceFolder;
import dev.flover.topology.setup.Preparation;
import dev.flover.topology.setup.Registry;
import dev.flover.topology.setup.TopicLooks;
import dev.flover.topology.state.LeftToOthers;
import dev.flover.topology.streams.RestoreProgress;
import dev.flover.topology.streams.TransactionTime;
import dev.flover.topology.weather.Standstill;
import dev.flover.topology.weather.SteadyTime;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;

/// The objects that live as long as the process, over all lives of Kafka Streams in it. Owns the engines that it
/// is given.
final class ProcessWide implements AutoCloseable {
    private static final int COMPILERS = 2;
    private static final Duration TOPIC_MISSING = Duration.ofSeconds(2);

    final PipelineConfig config;
    final RequestContract contract;
    final Model model;
    final List<TokenEngine> engines;
    final int slots;
    final MeterRegistry meters;
    final CountDownLatch closing = new CountDownLatch(1);

    final LeftToOthers left = new LeftToOthers();
    final Standstill standstill = new Standstill();
    final TransactionTime transactionTime = new TransactionTime(System::nanoTime, standstill::wasSilentWithin);
    final UnreadGaps gaps = new UnreadGaps();
    final GenerationList list = new GenerationList(System::nanoTime);
    final GenerationNotes notes = new GenerationNotes();
    final RestoreProgress restore = new RestoreProgress(System::nanoTime);
    final SteadyTime time;
    final PipelineMetrics metrics;
    final RequestCheck check;
    final Constraints constraints;
    final ForeignTopics foreign;
    final ReplyTopics replyTopics;
    final RequestMentions mentions;
    final InstanceFolder folder;
    final ProcessLife life;
    final Registry registry;
    final CancelsAhead cancels;
    final Preparation preparation;
    final ResultReader results;
    private final FairTurns compilers = new FairTurns(COMPILERS, "flover-constraints-");
    final TopicLooks looks;

    /// @param engines one for each stream thread
    /// @param slots   the most sequences in an engine at a time
    /// @param wall    the wall clock in milliseconds since 1970
    ProcessWide(PipelineConfig config, RequestContract contract, Model model, List<TokenEngine> engines, int slots,
            MeterRegistry meters, LongSupplier wall) {
        this.config = config;
        this.contract = contract;
        this.model = model;
        this.engines = engines;
        this.slots = slots;
        this.meters = meters;
        time = new SteadyTime(wall, System::nanoTime);
        metrics = new PipelineMetrics(meters, new Readings());
        check = new RequestCheck(model, config.limits(), ChatPrompts.orRefusing(model, Clock.systemDefaultZone()));
        constraints = new Constraints(model.tokenizer(), compilers::of);
        var name = UUID.randomUUID();
        folder = new InstanceFolder(config.stateDir().resolve(config.applicationId()), name);
        life = new ProcessLife(name, folder.endedBefore());
        registry = new Registry(config, contract);
        cancels = new CancelsAhead(config);
        preparation = new Preparation(config, time::wallMs, closing);
        results = new ResultReader(config, registry.resultsRead());
        looks = new TopicLooks(preparation.adminProperties(), metrics);
        foreign = new ForeignTopics(config, new Inquiries<>(looks::look, looks.background(), TOPIC_MISSING));
        replyTopics = new ReplyTopics(config.limits().mentions().replyTopics(), foreign);
        mentions = new RequestMentions(config.limits().mentions(), foreign, new Inquiries<>(
                registry::schema, registry.subjects(), config.recovery().patience().unknownSchema()));
    }

    private final class Readings implements PipelineMetrics.Readings {
        @Override
        public int generationsLeft() {
            return left.count();
        }

        @Override
        public long transactionTimeMs() {
            return transactionTime.ms();
        }

        @Override
        public long recordsToRestore() {
            return restore.left().values().stream().mapToLong(Long::longValue).sum();
        }

        @Override
        public double silentSeconds() {
            return standstill.silentSeconds();
        }

        @Override
        public long stalledPartitions() {
            return standstill.stalledPartitions();
        }
    }

    /// Closes without a checked exception.
    private interface Closing extends AutoCloseable {
        @Override
        void close();
    }

    boolean isClosing() {
        return closing.getCount() == 0;
    }

    @Override
    public void close() {
        Closing ofEngines = () -> closeAll(engines.iterator());
        try (folder; ofEngines; registry; results; compilers; looks; cancels) {
            // closes all in the reverse order; a failure to close one does not keep the others open
        }
    }

    private static void closeAll(Iterator<? extends TokenEngine> left) {
        if (left.hasNext()) {
            try (var _ = left.next()) {
                closeAll(left);
            }
        }
    }
}
