package dev.flover.http.eager;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/// The tokens and the text of an answer so far, with the lengths of the text at the ends of chunks.
///
/// The text of a position inside a chunk is not known: half a character, or the beginning of a stop string, belongs to
/// the text of a later position.
final class Track {
    private final List<Integer> ids = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final TreeMap<Integer, Integer> lengths = new TreeMap<>();

    Track() {
        lengths.put(0, 0);
    }

    /// Returns the position after the last token.
    int end() {
        return ids.size();
    }

    int textLength() {
        return text.length();
    }

    boolean isBound(int position) {
        return lengths.containsKey(position);
    }

    /// Returns the last end of a chunk at or before a position.
    int boundUpTo(int position) {
        return lengths.floorKey(position);
    }

    /// Returns the length of the text before a position at which a chunk ends, in UTF-16 units.
    int textLengthAt(int bound) {
        return Objects.requireNonNull(lengths.get(bound), "no chunk ends there");
    }

    String textFrom(int length) {
        return text.substring(length);
    }

    List<Integer> idsFrom(int position) {
        return List.copyOf(ids.subList(position, ids.size()));
    }

    /// Returns the number of characters in the first part of the text.
    int characters(int length) {
        return text.codePointCount(0, length);
    }

    void append(List<Integer> furtherIds, String furtherText) {
        ids.addAll(furtherIds);
        text.append(furtherText);
        lengths.put(ids.size(), text.length());
    }

    /// Removes the tokens from a position on, and the text after a length.
    void cut(int position, int length) {
        ids.subList(position, ids.size()).clear();
        text.setLength(length);
        lengths.tailMap(position, false).clear();
        lengths.put(position, length);
    }

    /// Makes this track equal to another one.
    void become(Track other) {
        ids.clear();
        ids.addAll(other.ids);
        text.setLength(0);
        text.append(other.text);
        lengths.clear();
        lengths.putAll(other.lengths);
    }

    /// Returns the last end of a chunk of this track up to which another track has the same tokens and text.
    int agreesUpTo(Track other) {
        int most = Math.min(ids.size(), other.ids.size());
        int same = 0;
        while (same < most && ids.get(same).equals(other.ids.get(same))) {
            same++;
        }
        int bound = boundUpTo(same);
        while (!hasTextOf(other, textLengthAt(bound))) {
            bound = boundUpTo(bound - 1);
        }
        return bound;
    }

    private boolean hasTextOf(Track other, int length) {
        return length <= other.text.length() && CharSequence.compare(text.subSequence(0, length),
                other.text.subSequence(0, length)) == 0;
    }

    /// Tells whether this track begins with all tokens and all text of another one.
    boolean beginsWith(Track other) {
        return ids.size() >= other.ids.size() && ids.subList(0, other.ids.size()).equals(other.ids)
                && text.length() >= other.text.length() && hasTextOf(other, other.text.length());
    }
}
