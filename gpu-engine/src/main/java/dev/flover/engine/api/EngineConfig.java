package dev.flover.engine.api;

import io.soabase.recordbuilder.core.RecordBuilder;

/// All limits of an engine.
///
/// @param maxSequences  the most sequences that are computed at the same time; further ones wait inside the engine
/// @param tokenBudget   the most rows in a step; at least `maxSequences`
/// @param prefillChunk  the most prompt positions of one sequence in a step
/// @param blockTokens   the positions of one KV block, a power of two
/// @param kvBlocks      the number of KV blocks, which fixes the memory of the cache: it holds the positions of so many
///                      blocks in all layers, and more positions where sliding windows have passed some of them. 0: as
///                      many as whole contexts of all sequences need, but at most as many as the backend has memory
///                      for beside the weights
/// @param stepsInFlight the most steps in flight at the same time, 1 or 2
/// @param prefixCaching whether sequences with equal prefixes share full blocks
@RecordBuilder
public record EngineConfig(
        int maxSequences,
        int tokenBudget,
        int prefillChunk,
        int blockTokens,
        int kvBlocks,
        int stepsInFlight,
        boolean prefixCaching) implements EngineConfigBuilder.With {

    public EngineConfig {
        require(maxSequences >= 1 && maxSequences <= 4096, "maxSequences must be in [1, 4096], was " + maxSequences);
        require(tokenBudget >= maxSequences,
                "tokenBudget must be at least maxSequences (" + maxSequences + "), was " + tokenBudget);
        require(prefillChunk >= 1 && prefillChunk <= tokenBudget,
                "prefillChunk must be in [1, tokenBudget = " + tokenBudget + "], was " + prefillChunk);
        require(blockTokens >= 1 && blockTokens <= 1024 && Integer.bitCount(blockTokens) == 1,
                "blockTokens must be a power of two in [1, 1024], was " + blockTokens);
        require(kvBlocks >= 0, "kvBlocks must be at least 1, or 0 for what fits, was " + kvBlocks);
        require(stepsInFlight == 1 || stepsInFlight == 2, "stepsInFlight must be 1 or 2, was " + stepsInFlight);
    }

    /// A config with these limits on sequences and rows, and defaults for the rest: a prompt chunk may fill a step,
    /// blocks have 16 positions and are shared, there are as many blocks as fit, and two steps are in flight.
    public static EngineConfig of(int maxSequences, int tokenBudget) {
        return new EngineConfig(maxSequences, tokenBudget, tokenBudget, 16, 0, 2, true);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
