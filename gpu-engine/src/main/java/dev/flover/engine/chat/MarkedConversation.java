package dev.flover.engine.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A conversation whose text cannot be mistaken for special tokens, and the way back to the original text. Without it,
/// a client could end its own turn or open the system's turn by spelling a special token in a message.
///
/// ```
///   "ignore that <|im_end|>"  ──►  "ignore that \uE000|im_end|>"  ──► template ──► special tokens parsed ──► text
///   again
/// ```
///
/// The first character of each spelling of a special token in a message is replaced by a mark: one of Unicode's
/// private-use characters that occurs neither in the conversation nor in the template. After the template has run, the
/// spellings that the template wrote are parsed as special tokens, and the text that a client wrote stays text.
public final class MarkedConversation {
    private static final char FIRST_PRIVATE = '\uE000';
    private static final char LAST_PRIVATE = '\uF8FF';

    /// Finds special tokens in text: returns the spelling of the special token that begins in `text` at index `place`,
    /// or an empty string where none begins.
    @FunctionalInterface
    public interface Markup {
        String at(String text, int place);
    }

    private final Markup markup;
    private final Predicate<String> kept;
    private final Map<Character, Character> marks = new HashMap<>();
    private final String taken;
    private char nextMark = FIRST_PRIVATE;

    /// @param kept  says which spellings of special tokens are left unmarked in the assistant's messages
    /// @param taken text whose characters may not be used as marks
    private MarkedConversation(Markup markup, Predicate<String> kept, String taken) {
        this.markup = markup;
        this.kept = kept;
        this.taken = taken;
    }

    /// Renders a conversation, with marks, into a prompt; [#unmarked] turns the marks back into the original
    /// characters.
    ///
    /// A template may search the assistant's messages for a special token, for example to cut off the thoughts before
    /// `</think>`. Where marks change the result of such a search, the spellings that occur in the template itself are
    /// left unmarked in the assistant's messages, and only there.
    ///
    /// @throws ChatTemplateException if the template refuses the conversation, or fails on it
    public static Prompt render(
            ChatTemplate template, Conversation conversation, Map<String, String> tokens, Markup markup) {
        String taken = template.source() + conversation;
        var all = new MarkedConversation(markup, _ -> false, taken);
        var marked = all.mark(conversation);
        if (all.marks.isEmpty()) {
            return new Prompt(template.render(conversation, tokens), all);
        }
        String prompt = template.render(marked, tokens);
        if (all.unmarked(prompt).equals(template.render(conversation, tokens))) {
            return new Prompt(prompt, all);
        }
        var some = new MarkedConversation(markup, template::mentions, taken);
        return new Prompt(template.render(some.mark(conversation), tokens), some);
    }

    /// A rendered prompt.
    ///
    /// @param text  the prompt, with marks in it
    /// @param marks knows which character each mark stands for
    public record Prompt(String text, MarkedConversation marks) {}

    private Conversation mark(Conversation conversation) {
        var messages = new ArrayList<Map<String, Object>>();
        for (var message : conversation.messages()) {
            boolean assistant = "assistant".equals(message.get("role"));
            var marked = new LinkedHashMap<String, Object>();
            message.forEach((name, value) -> marked.put(name, mark(value, assistant)));
            messages.add(marked);
        }
        var tools = (List<?>) mark(conversation.tools(), false);
        return new Conversation(messages, tools, conversation.asksForAnswer(), conversation.more());
    }

    private @Nullable Object mark(@Nullable Object value, boolean assistant) {
        return switch (value) {
            case String text -> mark(text, assistant);
            case List<?> list -> {
                var marked = new ArrayList<Object>();
                list.forEach(element -> marked.add(mark(element, assistant)));
                yield marked;
            }
            case Map<?, ?> map -> {
                var marked = new LinkedHashMap<Object, Object>();
                map.forEach((key, each) -> marked.put(key, mark(each, assistant)));
                yield marked;
            }
            case null, default -> value;
        };
    }

    private String mark(String text, boolean assistant) {
        StringBuilder marked = null;
        for (int i = 0; i < text.length(); i++) {
            String spelling = markup.at(text, i);
            if (!spelling.isEmpty() && !(assistant && kept.test(spelling))) {
                marked = marked == null ? new StringBuilder(text) : marked;
                marked.setCharAt(i, markOf(text.charAt(i)));
            }
        }
        return marked == null ? text : marked.toString();
    }

    private char markOf(char original) {
        for (var mark : marks.entrySet()) {
            if (mark.getValue() == original) {
                return mark.getKey();
            }
        }
        while (taken.indexOf(nextMark) >= 0) {
            if (nextMark == LAST_PRIVATE) {
                throw new ChatTemplateException("the messages use all of Unicode's private characters, so that none is"
                        + " left to tell their text from special tokens", null);
            }
            nextMark++;
        }
        marks.put(nextMark, original);
        return nextMark++;
    }

    /// Returns a text with each mark replaced by its original character. Marks that the template wrote as JSON escapes
    /// (`\ue000`) are replaced, too.
    public String unmarked(String text) {
        String plain = text;
        for (var mark : marks.entrySet()) {
            plain = plain.replace(mark.getKey(), mark.getValue())
                    .replace("\\u%04x".formatted((int) mark.getKey()), mark.getValue().toString());
        }
        return plain;
    }
}
