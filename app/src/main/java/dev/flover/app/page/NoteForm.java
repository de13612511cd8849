package dev.flover.app.page;

import dev.flover.topology.notes.GenerationNotes.Note;
import dev.flover.topology.notes.GenerationNotes.Origin;
import java.util.LinkedHashMap;
import java.util.Map;

/// The form of a note in a frame. Without names, the record's place stands for the id.
final class NoteForm {
    private NoteForm() {}

    static Map<String, Object> of(Note.Begun note, boolean named) {
        var form = of(note.origin(), named);
        form.put("seq", note.sequence());
        form.put("answer", note.answer());
        form.put("begun", note.begun());
        return form;
    }

    static Map<String, Object> of(Note.Ended note, boolean named) {
        var form = of(note.origin(), named);
        form.put("reason", note.reason());
        form.put("tokens", note.tokens());
        form.put("at", note.at());
        return form;
    }

    private static Map<String, Object> of(Origin origin, boolean named) {
        var form = new LinkedHashMap<String, Object>();
        form.put("id", named ? origin.id() : place(origin));
        form.put("tenant", named ? origin.tenant() : "");
        form.put("partition", origin.partition());
        form.put("offset", Long.toString(origin.offset()));     // may be larger than a number of JavaScript
        form.put("prompt", origin.promptTokens());
        form.put("max", origin.maxTokens());
        form.put("read", origin.readAt());
        return form;
    }

    /// Names a request by the place of its record, for readers who may not see ids.
    private static String place(Origin origin) {
        return "record " + origin.partition() + "/" + origin.offset();
    }
}
