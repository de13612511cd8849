package dev.flover.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.eager.EagerAnswer;
import dev.flover.http.eager.EagerAnswer.Change;
import dev.flover.http.openai.AnswerKind;
import dev.flover.http.openai.EventForm;
import dev.flover.http.openai.EventId;
import dev.flover.http.topics.ReadChunk;
import dev.flover.schemas.Finish;
import dev.flover.schemas.TokenChunk;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes the events of a stream whose client wants tokens before they are committed.
///
/// Each event has a field `flover`: the position of its first token, and the position up to which the answer is
/// committed. Its `id` is that of the last committed chunk, so that a client that connects again resumes there.
final class EagerStream {
    private final EventStream events;
    private final EventForm form;
    private final AnswerKind kind;
    private final Map<Integer, EagerAnswer> answers = new HashMap<>();
    private @Nullable String lastId;

    EagerStream(EventStream events, EventForm form, AnswerKind kind) {
        this.events = events;
        this.form = form;
        this.kind = kind;
    }

    void drawn(ReadChunk read) throws IOException {
        var chunk = read.chunk();
        if (!chunk.getRepeat() && chunk.getRefused() == null) {
            send(chunk.getAnswer(), answer(chunk.getAnswer()).drawn(chunk));
        }
    }

    void committed(ReadChunk read) throws IOException {
        var chunk = read.chunk();
        lastId = new EventId(kind, read.end(), read.place().partition(), read.place().offset()).toString();
        send(chunk.getAnswer(), answer(chunk.getAnswer()).committed(chunk));
        if (chunk.getFinish() != null) {
            event(chunk.getAnswer(), read.end(), List.of(), "", chunk.getFinish());
        }
    }

    private EagerAnswer answer(int number) {
        return answers.computeIfAbsent(number, none -> new EagerAnswer());
    }

    private void send(int answer, List<Change> changes) throws IOException {
        for (var change : changes) {
            switch (change) {
                case Change.Further(int position, List<Integer> ids, String text) ->
                        event(answer, position, ids, text, null);
                case Change.Retraction(int position, int characters) -> {
                    var data = JsonNodeFactory.instance.objectNode().put("index", answer)
                            .put("characters", characters);
                    addPositions(data, answer, position);
                    events.event("retract", lastId, data);
                }
            }
        }
    }

    private void event(int answer, int position, List<Integer> ids, String text, @Nullable Finish finish)
            throws IOException {
        var event = form.event(0, TokenChunk.newBuilder().setRequestId("").setAnswer(answer).setPosition(position)
                .setTokenIds(ids).setText(text).setFinish(finish).build());
        if (event.isPresent()) {
            addPositions(event.get(), answer, position);
            events.event(null, lastId, event.get());
        }
    }

    private void addPositions(ObjectNode data, int answer, int position) {
        data.putObject("flover").put("position", position).put("committed", answer(answer).committedPosition());
    }
}
