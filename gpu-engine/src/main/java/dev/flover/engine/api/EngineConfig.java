package dev.flover.engine.api;

import io.soabase.recordbuilder.core.RecordBuilder;

/// Every limit of an engine.
///
/// @param maxSequences  most sequences computed at the same time; further ones wait inside the engine
/// @param tokenBudget   most rows in a step; at least `maxSequences`
/// @param prefillChunk  most prompt positions of one sequence in a step
/// @param blockTokens   positions per KV block, a power of two
/// @param kvBlocks      KV blocks in all; fixes the memory of the cache. 0: what whole contexts of all sequences need,
///                      at most what the backend has room for beside the weights
/// @param stepsInFlight steps under way at once, 1 or 2
/// @param prefixCaching whether full blocks of equal prefixes are shared
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

    /// Limits on sequences and rows; a prompt may fill a step, blocks of 16 positions are shared and as many as fit,
    /// and two steps are under way.
    public static EngineConfig of(int maxSequences, int tokenBudget) {
        return new EngineConfig(maxSequences, tokenBudget, tokenBudget, 16, 0, 2, true);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
