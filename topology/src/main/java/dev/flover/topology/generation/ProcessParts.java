package dev.flover.topology.generation;

import dev.flover.engine.model.Model;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.models.ModelView;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.parking.CancelsAhead;
import dev.flover.topology.position.UnreadGaps;
import dev.flover.topology.records.Homes;
import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.records.ReturnedHeaders;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.ForeignTopics;
import dev.flover.topology.request.ReplyTopics;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestMentions;
import dev.flover.topology.results.FlatRows;
import dev.flover.topology.results.StoredResults;
import dev.flover.topology.state.Caution;
import dev.flover.topology.state.LeftToOthers;
import dev.flover.topology.streams.Commits;
import dev.flover.topology.streams.EarlySends;
import dev.flover.topology.streams.PartitionHolds;
import dev.flover.topology.waiting.WaitingRoom;
import dev.flover.topology.weather.Standstill;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.function.Function;
import java.util.function.LongSupplier;

/// The objects that all partitions of a stream thread share. The thread's own are the engine, the waiting room,
/// and the objects that decide on commits and holds; all others are the process's, and thread-safe where they change.
///
/// @param number      the number of the stream thread and of its engine in the process, from 0 on
/// @param config      the pipeline's configuration
/// @param model       the model that is served
/// @param engine      the thread's engine
/// @param room        the thread's waiting room
/// @param check       decides whether a request can be served
/// @param constraints compiles the constraints of answers
/// @param mentions    looks up the schemas and topics that requests name
/// @param foreign     the topics of other applications that requests name
/// @param replyTopics the topics to which requests want their results sent
/// @param commits     decides when the stream thread commits
/// @param early       sends tokens of eager requests before the commit
/// @param holds       the partitions that are held back
/// @param caution     whether the previous process ended badly, so that its cause may still be there
/// @param life        the life of this process
/// @param wall        the wall clock in ms: for deadlines, which are times of day, and for timestamps that clients read
/// @param contract    the fields of a request that this process knows
/// @param left        counts stored generations with fields that this process does not know
/// @param decoding    decodes records to requests
/// @param models      says which group answers a record
/// @param sightings   finds ids that come in two partitions
/// @param homes       says which partitions may know an id
/// @param gaps        collects ranges of offsets without records
/// @param results     finds results that were written before
/// @param resultBytes the largest result in bytes
/// @param asWritten   encodes a request for the dead-letter topic, in the form in which clients write it
/// @param asResult    encodes a result as on the results topic
/// @param rows        makes the records of the topic of flat results
/// @param standstill  collects reports of standstills
/// @param cancels     reads ahead for cancels in partitions that are held back
/// @param list        publishes the generations for readers on other threads
/// @param notes       tells readers on other threads to which request a sequence belongs
/// @param metrics     the pipeline's meters
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
public record ProcessParts(
        int number,
        PipelineConfig config,
        Model model,
        SharedEngine engine,
        WaitingRoom room,
        RequestCheck check,
        Constraints constraints,
        RequestMentions mentions,
        ForeignTopics foreign,
        ReplyTopics replyTopics,
        Commits commits,
        EarlySends early,
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
        Function<GenerationResult, byte[]> asResult,
        FlatRows rows,
        Standstill standstill,
        CancelsAhead cancels,
        GenerationList list,
        GenerationNotes notes,
        PipelineMetrics metrics) {
    /// Says which headers of a request's record come back with its answer.
    ReturnedHeaders.Rules returned() {
        return new ReturnedHeaders.Rules(config.limits().headers());
    }

    /// Publishes the present load for the gauges, which other threads read.
    void publishLoad() {
        metrics.load(number, new PipelineMetrics.Load(
                engine.status(), engine.live(), room.size(), room.bytes(), engine.leak()));
    }
}
