package dev.flover.http.eager;

import dev.flover.schemas.TokenChunk;
import java.util.ArrayList;
import java.util.List;

/// Selects the tokens of one answer that an eager stream shows: drawn ones before they are committed, each token once.
///
/// ```
///   drawn:      [0..3] [4..4] [5..5]  crash   [4..4] [5..9]        drawn again from the committed position on
///   committed:        [0..3]                         [4..4] [5..9]
///   shown:      0..3   4      5                      6..9          each token once
/// ```
///
/// As a rule, the same tokens are drawn again, and are recognised by their positions. If they differ, or if the
/// committed answer ends earlier, because it was cancelled or its deadline passed, what was shown is retracted. A
/// stream ends as the committed answer does.
public final class EagerAnswer {
    private final Track shown = new Track();
    private final Track drawn = new Track();
    private final Track committed = new Track();

    /// A change of the tokens that the client sees.
    public sealed interface Change {
        /// Further tokens, which begin at a position.
        record Further(int position, List<Integer> ids, String text) implements Change {}

        /// Everything from a position on is no longer valid.
        ///
        /// @param characters number of characters of the text that remain
        record Retraction(int position, int characters) implements Change {}
    }

    /// Returns the position up to which tokens are committed.
    public int committedPosition() {
        return committed.end();
    }

    /// Adds a chunk that is not committed yet, and may never be.
    public List<Change> drawn(TokenChunk chunk) {
        int position = chunk.getPosition();
        if (position > drawn.end() || !drawn.isBound(position)) {
            return List.of();       // the chunks before it were missed; the committed ones will follow
        }
        if (position < drawn.end()) {
            if (position < committed.end()) {
                return List.of();
            }
            drawn.cut(position, drawn.textLengthAt(position));
        }
        drawn.append(chunk.getTokenIds(), chunk.getText());
        return show(drawn);
    }

    /// Adds a committed chunk, which follows the committed ones before it.
    public List<Change> committed(TokenChunk chunk) {
        committed.append(chunk.getTokenIds(), chunk.getText());
        if (!drawn.beginsWith(committed)) {
            drawn.become(committed);
        }
        var changes = new ArrayList<>(show(drawn));
        if (chunk.getFinish() != null) {
            changes.addAll(settle());
        }
        return changes;
    }

    /// Shows the part of a track that the client has not seen, or that differs from the tokens that it has seen.
    private List<Change> show(Track track) {
        int agreed = track.agreesUpTo(shown);
        boolean isBehind = agreed == track.end() && track.textLength() <= shown.textLength();
        return isBehind ? List.of() : change(track, agreed);
    }

    /// Shows the committed answer and nothing else.
    private List<Change> settle() {
        int agreed = committed.agreesUpTo(shown);
        boolean same = agreed == committed.end() && shown.end() == committed.end()
                && shown.textLength() == committed.textLength();
        return same ? List.of() : change(committed, agreed);
    }

    /// Makes the changes after which the client sees the tokens of a track: the track's further tokens; before them, if
    /// the track does not begin with all tokens that the client sees, a retraction of those after the first `agreed`.
    private List<Change> change(Track track, int agreed) {
        var changes = new ArrayList<Change>();
        if (!track.beginsWith(shown)) {
            shown.cut(agreed, track.textLengthAt(agreed));
            changes.add(new Change.Retraction(agreed, shown.characters(shown.textLength())));
        }
        int position = shown.end();
        var ids = track.idsFrom(position);
        String text = track.textFrom(shown.textLength());
        if (!ids.isEmpty() || !text.isEmpty()) {
            shown.append(ids, text);
            changes.add(new Change.Further(position, ids, text));
        }
        return changes;
    }
}
