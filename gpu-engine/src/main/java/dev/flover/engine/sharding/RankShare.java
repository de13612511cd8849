package dev.flover.engine.sharding;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/// One rank's share of a model.
///
/// @param rank         from 0 on
/// @param firstHead    the first of its query heads, which are consecutive
/// @param heads        query heads
/// @param kvHeads      the numbers of its key heads, each for equally many of its query heads. Several ranks have a
///                     copy of the same key head if there are more ranks than key heads
/// @param firstColumn  the first of its columns of the feed-forward layer; 0 in a model whose layers all have experts
/// @param columns      consecutive columns of the feed-forward layer
/// @param expertColumns columns of each expert, of which a rank with number `r` has those from `r * expertColumns` on;
///                     0 without experts
/// @param sharedColumns the same for the expert that all rows use
/// @param firstToken   the first of the rows of the vocabulary projection that it computes
/// @param tokens       consecutive rows of the vocabulary projection
/// @param weightBytes  bytes of its weights as the file stores them, copies included
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
public record RankShare(
        int rank, int firstHead, int heads, List<Integer> kvHeads, int firstColumn, int columns, int expertColumns,
        int sharedColumns, int firstToken, int tokens, long weightBytes) {
    public RankShare {
        kvHeads = List.copyOf(kvHeads);
    }
}
