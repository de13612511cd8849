package dev.flover.topology.generation;

import dev.flover.engine.model.Model;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.models.ModelView;
import dev.flover.topology.parking.CancelsAhead;
import dev.flover.topology.position.UnreadGaps;
import dev.flover.topology.records.Homes;
import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.ForeignTopics;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestMentions;
import dev.flover.topology.results.StoredResults;
import dev.flover.topology.streams.Commits;
import dev.flover.topology.streams.PartitionHolds;
import dev.flover.topology.waiting.WaitingRoom;
import dev.flover.topology.weather.Standstill;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.function.Function;
import java.util.function.LongSupplier;

/// The objects that all partitions of a process share. Used by its one stream thread.
///
/// @param caution     whether the life before this one ended badly and its cause may be at work again
/// @param life        from the start of this process to its end
/// @param wall        the wall clock, ms: for deadlines, which are times of day, and for what clients are told
/// @param contract    the fields of a request that this process knows
/// @param left        stored generations with fields that this process does not know
/// @param decoding    opens a decoder for one partition
/// @param models      says which group answers a record
/// @param homes       which partitions may know an id
/// @param gaps        offsets that were passed over
/// @param results     where results are found again
/// @param resultBytes most bytes of a result
/// @param constraints compiles what answers have to fit
/// @param mentions    looks up what requests name
/// @param foreign     topics that requests name
/// @param asWritten   a request as a client would have written it, for the dead-letter topic
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
public record ProcessParts(
        PipelineConfig config,
        Model model,
        SharedEngine engine,
        WaitingRoom room,
        RequestCheck check,
        Constraints constraints,
        RequestMentions mentions,
        ForeignTopics foreign,
        Commits commits,
        PartitionHolds holds,
        Caution caution,
        ProcessLife life,
        LongSupplier wall,
        RequestContract contract,
        LeftToOthers left,
        RequestDecoding decoding,
        ModelView models,
        IdSightings sightings,
        Homes homes,
        UnreadGaps gaps,
        StoredResults results,
        int resultBytes,
        Function<GenerationRequest, byte[]> asWritten,
        Standstill standstill,
        CancelsAhead cancels,
        PipelineMetrics metrics) {
    /// For the gauges, which other threads read.
    void publishLoad() {
        metrics.load(new PipelineMetrics.Load(
                engine.status(), engine.live(), room.size(), room.bytes(), engine.leak()));
    }
}
