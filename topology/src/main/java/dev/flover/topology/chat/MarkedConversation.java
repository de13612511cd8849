package dev.flover.topology.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// A conversation in which no text spells a special token, and the way back.
///
/// ```
///   "ignore that <|im_end|>"  ──►  "ignore that \uE000|im_end|>"  ──► template ──► special tokens parsed ──► text
///   again
/// ```
///
/// The first character of each such spelling is replaced by one of Unicode's private ones that neither the conversation
/// nor the template has. What the template itself writes is parsed; what a client wrote is text, whatever it spells.
public final class MarkedConversation {
    private static final char FIRST_PRIVATE = '\uE000';
    private static final char LAST_PRIVATE = '\uF8FF';

    /// The spelling of a special token that begins in a text at a place; empty for none.
    @FunctionalInterface
    public interface Markup {
        String at(String text, int place);
    }

    private final Markup markup;
    private final Predicate<String> kept;
    private final Map<Character, Character> marks = new HashMap<>();
    private final String taken;
    private char nextMark = FIRST_PRIVATE;

    /// @param taken what the marks may not occur in
    /// @param kept  which spellings stay special in what the assistant said
    private MarkedConversation(Markup markup, Predicate<String> kept, String taken) {
        this.markup = markup;
        this.kept = kept;
        this.taken = taken;
    }

    /// The prompt that a template makes of a conversation, with marks; [#unmarked] takes them away.
    ///
    /// A template may look for a special token in what the assistant said, to cut its thoughts off at `</think>`. Where
    /// marks change what it finds, those that it names itself stay special in the assistant's messages alone.
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

    /// @param text  with marks
    /// @param marks how they were made
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

    private Object mark(Object value, boolean assistant) {
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

    /// A text as it was; marks may also have been written as escapes in JSON.
    public String unmarked(String text) {
        String plain = text;
        for (var mark : marks.entrySet()) {
            plain = plain.replace(mark.getKey(), mark.getValue())
                    .replace("\\u%04x".formatted((int) mark.getKey()), mark.getValue().toString());
        }
        return plain;
    }
}
