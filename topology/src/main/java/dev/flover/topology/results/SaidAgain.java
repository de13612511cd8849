package dev.flover.topology.results;

import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Writes the chunks of a stored result again, for a client that sent its request again. They begin at position 0 and
/// hold as many tokens as fit in a record.
public final class SaidAgain {
    private static final int MOST_IDS = 16_384;
    private static final int MOST_CHARS = 65_536;

    private final GenerationResult result;

    public SaidAgain(GenerationResult result) {
        this.result = result;
    }

    /// The chunks of all answers, one answer after the other. The last chunk is the terminal record.
    ///
    /// @param repeat marks the chunks as a repeat
    /// @param cached marks the chunks as the stored answer to an equal request
    public List<TokenChunk> chunks(boolean repeat, boolean cached) {
        var chunks = new ArrayList<TokenChunk>();
        var others = result.getOtherAnswers();
        answer(0, result.getText(), result.getTokenIds(), finish(result.getFinishReason(), result.getMessage(),
                result.getStop(), result.getTokenIds(), result.getArithmetic(), result.getToolCalls()),
                others.isEmpty(), chunks);
        for (int i = 0; i < others.size(); i++) {
            var other = others.get(i);
            String arithmetic = other.getArithmetic().isEmpty() ? result.getArithmetic() : other.getArithmetic();
            answer(other.getAnswer(), other.getText(), other.getTokenIds(), finish(other.getFinishReason(),
                    other.getMessage(), other.getStop(), other.getTokenIds(), arithmetic, other.getToolCalls()),
                    i == others.size() - 1, chunks);
        }
        return chunks.stream()
                .map(chunk -> TokenChunk.newBuilder(chunk).setRepeat(repeat).setCached(cached).build()).toList();
    }

    private Finish finish(FinishReason reason, String message, String stop, List<Integer> ids, String arithmetic,
            List<ToolCall> calls) {
        boolean wasTooLarge = ids.isEmpty() && result.getOtherAnswers().isEmpty();
        return new Finish(reason, message, stop, result.getPromptTokens(),
                wasTooLarge ? result.getCompletionTokens() : ids.size(), result.getModel(), arithmetic, calls,
                result.getRejection());
    }

    private void answer(int answer, String text, List<Integer> ids, Finish finish, boolean last,
            List<TokenChunk> chunks) {
        int id = 0;
        int character = 0;
        boolean ends;
        do {
            int idsEnd = Math.min(id + MOST_IDS, ids.size());
            int textEnd = wholeCharacters(text, Math.min(character + MOST_CHARS, text.length()));
            ends = idsEnd == ids.size() && textEnd == text.length();
            boolean terminal = ends && last;
            Map<String, String> metadata = terminal ? result.getMetadata() : Map.of();
            chunks.add(TokenChunk.newBuilder().setRequestId(result.getRequestId()).setAnswer(answer).setPosition(id)
                    .setTokenIds(ids.subList(id, idsEnd)).setText(text.substring(character, textEnd))
                    .setFinish(ends ? finish : null).setTerminal(terminal).setMetadata(metadata).build());
            id = idsEnd;
            character = textEnd;
        } while (!ends);
    }

    /// The given end, or one less where it would split a surrogate pair.
    private static int wholeCharacters(String text, int end) {
        return end < text.length() && Character.isLowSurrogate(text.charAt(end)) ? end - 1 : end;
    }
}
