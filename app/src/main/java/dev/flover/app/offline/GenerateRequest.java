package dev.flover.app.offline;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/// A request of `generate` for one answer.
///
/// @param line      its line in the file of requests, from 1; 0 if it came from an option
/// @param id        is written with the answer
/// @param prompt    text to tokenise, or null if token ids or messages were given
/// @param promptIds token ids to use as they are, or null if text or messages were given
/// @param maxTokens the most tokens of the answer
/// @param sampling  how tokens are drawn
/// @param stop      texts that end the answer and are not part of it
/// @param ignoreEos whether the answer continues after the model's end-of-text token
/// @param constraint the constraint that the answer has to fit, or null
/// @param seeded    whether the seed was given; otherwise it is derived from the id
/// @param chat      messages and tools, or null if a prompt was given
@RecordBuilder
@RecordBuilder.Options(enableWither = false)
record GenerateRequest(
        int line,
        String id,
        String prompt,
        int[] promptIds,
        int maxTokens,
        SamplingParams sampling,
        List<String> stop,
        boolean ignoreEos,
        ConstraintSource constraint,
        boolean seeded,
        GenerationRequest chat) {

    GenerateRequest {
        stop = List.copyOf(stop);
    }

    /// Returns the request of a line that sets no field: the line's number is its id.
    GenerateRequest numbered(int line) {
        return GenerateRequestBuilder.builder().line(line).id(Integer.toString(line)).maxTokens(maxTokens)
                .sampling(sampling).stop(stop).ignoreEos(ignoreEos).seeded(seeded).build();
    }

    /// Returns the same request with its prompt as token ids.
    GenerateRequest prepared(int[] ids, ConstraintSource fitting) {
        return GenerateRequestBuilder.builder(this).prompt(null).promptIds(ids).constraint(fitting).build();
    }

    /// Returns the place of the request in the input, for error messages.
    String origin() {
        return line == 0 ? "--prompt" : "line " + line;
    }
}
