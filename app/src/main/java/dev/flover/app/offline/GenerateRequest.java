package dev.flover.app.offline;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import java.util.List;

/// One answer that `generate` was asked for.
///
/// @param line      where it stands in the file of requests, from 1; 0 where it came as an option
/// @param id        comes back with the answer
/// @param prompt    text to tokenise, or null where token ids were given
/// @param promptIds used as they are, or null where text was given
/// @param maxTokens the answer ends at this many tokens
/// @param stop      texts that end the answer and are not part of it
/// @param ignoreEos whether the model's end of text does not end the answer
/// @param constraint what the answer has to fit, or null
/// @param seeded    whether somebody has said the seed; else it follows from the id
/// @param chat      its messages and tools, or null where a prompt was given
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

    /// What a line that says nothing asks for: its number is its id.
    GenerateRequest numbered(int line) {
        return new GenerateRequest(
                line, Integer.toString(line), null, null, maxTokens, sampling, stop, ignoreEos, null, seeded, null);
    }

    /// The same with its prompt as token ids.
    GenerateRequest prepared(int[] ids, ConstraintSource fitting) {
        return new GenerateRequest(
                line, id, null, ids, maxTokens, sampling, stop, ignoreEos, fitting, seeded, chat);
    }

    /// Where to look for a mistake.
    String origin() {
        return line == 0 ? "--prompt" : "line " + line;
    }
}
