package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.weights.Storage;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// The kernels by purpose, and the bytes of shared memory that their launches need.
final class KernelSet {
    /// Most shards of a product's inputs.
    static final int MOST_SHARDS = 64;

    /// Most rows of a product that normalises its rows as it loads them. Every tile of outputs normalises the same rows
    /// again and reads them in f32: beyond this number of rows, the traffic costs more than another launch. Does not
    /// change any bit.
    static final int MOST_ROWS_NORMALISED = 16;

    /// Most experts of a layer; `Routing` allows no more.
    private static final int MOST_EXPERTS = 1 << 12;
    private static final int MOST_NORMALISED_COLUMNS = 1 << 16;
    private static final int[] ROW_TILES = {8, 16, 32, 64};
    private static final int[] HEAD_WIDTHS = {32, 64, 96, 128, 256};

    final int embed;
    final int normalise;
    final int scaleQueries;
    final int activate;
    final int add;
    final int convert;
    final int gather;
    final int edit;
    final int admit;
    final int sampleSurvey;
    final int sampleWeigh;
    final int sample;
    final int randomise;
    final int ceilingRead;
    final int ceilingMultiply;
    final int projectF32;
    final int projectExpertsF32;
    final int route;
    final int groupRows;
    final int gatherRows;
    final int addExperts;
    final int scaleRows;
    final int routeHeads;
    final int copyHeads;
    final int gatherHeads;
    final int collectLogits;
    final int takeTokens;
    final int addExpertBiases;
    /// By the logarithm of the number of ranks, from two ranks on.
    private final int[] join = new int[3];
    private final Map<Storage, Integer> attentionPlain = new EnumMap<>(Storage.class);
    private final Map<Storage, Integer> append = new EnumMap<>(Storage.class);
    private final Map<Storage, int[]> project = new EnumMap<>(Storage.class);
    private final Map<Storage, int[]> projectExperts = new EnumMap<>(Storage.class);
    private final Map<Storage, int[]> projectNormalised = new EnumMap<>(Storage.class);
    private final Map<Storage, int[]> attention = new EnumMap<>(Storage.class);

    static final int PARTIAL_SUMS_BYTES = 32 * 4;
    static final int SAMPLE_SURVEY_BYTES = 16 * 8;
    static final int SAMPLE_WEIGH_BYTES = 16 * 8 + 3 * 48 * 4;
    /// Bytes of `struct SampleShared` in sample.cu.
    static final int SAMPLE_BYTES = 37720;
    /// Bytes of `struct SamplePart` in sample.cuh.
    static final int SAMPLE_PART_BYTES = 608;
    private static final int PART_TOKENS = 8192;

    KernelSet(Driver driver) {
        embed = driver.kernel("embed", 0);
        normalise = driver.kernel("normalise", normaliseBytes(MOST_NORMALISED_COLUMNS));
        scaleQueries = driver.kernel("scale_queries", 0);
        activate = driver.kernel("activate", 0);
        add = driver.kernel("add", 0);
        convert = driver.kernel("convert", 0);
        gather = driver.kernel("gather", 0);
        edit = driver.kernel("edit", 0);
        admit = driver.kernel("admit", 0);
        sampleSurvey = driver.kernel("sample_survey", SAMPLE_SURVEY_BYTES);
        sampleWeigh = driver.kernel("sample_weigh", SAMPLE_WEIGH_BYTES);
        sample = driver.kernel("sample", SAMPLE_BYTES);
        randomise = driver.kernel("randomise", 0);
        ceilingRead = driver.kernel("ceiling_read", 0);
        ceilingMultiply = driver.kernel("ceiling_multiply", 0);
        projectF32 = driver.kernel("project_f32", projectF32Bytes(MOST_SHARDS));
        projectExpertsF32 = driver.kernel("project_experts_f32", projectF32Bytes(MOST_SHARDS));
        route = driver.kernel("route", routeBytes(MOST_EXPERTS, MOST_EXPERTS));
        groupRows = driver.kernel("group_rows", groupRowsBytes(MOST_EXPERTS));
        gatherRows = driver.kernel("gather_rows", 0);
        addExperts = driver.kernel("add_experts", 0);
        scaleRows = driver.kernel("scale_rows", 0);
        routeHeads = driver.kernel("route_heads", 0);
        copyHeads = driver.kernel("copy_heads", 0);
        gatherHeads = driver.kernel("gather_heads", 0);
        collectLogits = driver.kernel("collect_logits", 0);
        takeTokens = driver.kernel("take_tokens", 0);
        addExpertBiases = driver.kernel("add_expert_biases", 0);
        for (int i = 0; i < join.length; i++) {
            join[i] = driver.kernel("join_" + (2 << i), 0);
        }
        attentionPlainAndAppend(driver);
        for (var storage : new Storage[] {Storage.F16, Storage.BF16, Storage.Q8, Storage.Q4}) {
            products(driver, storage);
        }
        attentionByWidth(driver);
    }

    private void attentionPlainAndAppend(Driver driver) {
        attentionPlain.put(Storage.F32, driver.kernel("attention_f32", attentionPlainBytes(1024)));
        for (var storage : new Storage[] {Storage.F16, Storage.BF16}) {
            attentionPlain.put(storage,
                    driver.kernel("attention_latent_" + storage.kernel(), attentionPlainBytes(1024)));
        }
        for (var storage : new Storage[] {Storage.F32, Storage.F16, Storage.BF16}) {
            append.put(storage, driver.kernel("append_" + storage.kernel(), appendBytes(1024)));
        }
    }

    private void attentionByWidth(Driver driver) {
        for (var storage : new Storage[] {Storage.F16, Storage.BF16}) {
            var byWidth = new int[HEAD_WIDTHS.length];
            for (int i = 0; i < HEAD_WIDTHS.length; i++) {
                byWidth[i] = driver.kernel("attention_" + storage.kernel() + "_" + HEAD_WIDTHS[i],
                        attentionBytes(HEAD_WIDTHS[i]));
            }
            attention.put(storage, byWidth);
        }
    }

    private void products(Driver driver, Storage storage) {
        var plain = new int[ROW_TILES.length];
        var normalised = new int[ROW_TILES.length];
        var ofExperts = new int[ROW_TILES.length];
        for (int i = 0; i < ROW_TILES.length; i++) {
            int bytes = Tiling.sharedBytes(ROW_TILES[i]);
            var name = storage.kernel() + "_" + ROW_TILES[i];
            plain[i] = driver.kernel("project_" + name, bytes);
            ofExperts[i] = driver.kernel("project_experts_" + name, bytes);
            if (ROW_TILES[i] <= MOST_ROWS_NORMALISED) {
                normalised[i] = driver.kernel("project_normalised_" + name, bytes);
            }
        }
        project.put(storage, plain);
        projectNormalised.put(storage, normalised);
        projectExperts.put(storage, ofExperts);
    }

    /// @param ranks 2, 4 or 8
    int join(int ranks) {
        return join[Integer.numberOfTrailingZeros(ranks) - 1];
    }

    private static <T> T of(Map<Storage, T> kernels, Storage storage) {
        return Objects.requireNonNull(kernels.get(storage), () -> "no kernel for the storage " + storage);
    }

    int append(Storage storage) {
        return of(append, storage);
    }

    int project(Storage storage, int rowTile) {
        return of(project, storage)[indexOf(ROW_TILES, rowTile)];
    }

    int projectExperts(Storage storage, int rowTile) {
        return of(projectExperts, storage)[indexOf(ROW_TILES, rowTile)];
    }

    /// @param rowTile at most [#MOST_ROWS_NORMALISED]
    int projectNormalised(Storage storage, int rowTile) {
        return of(projectNormalised, storage)[indexOf(ROW_TILES, rowTile)];
    }

    /// Attention without tensor cores, over a cache of this type.
    int attentionPlain(Storage storage) {
        return of(attentionPlain, storage);
    }

    int attention(Storage storage, int width) {
        return of(attention, storage)[indexOf(HEAD_WIDTHS, width)];
    }

    /// The number of rows of a tile, for a launch that is made for `bucket` rows.
    static int rowTile(int bucket) {
        for (int tile : ROW_TILES) {
            if (bucket <= tile) {
                return tile;
            }
        }
        return ROW_TILES[ROW_TILES.length - 1];
    }

    static int projectF32Bytes(int shards) {
        return (32 * 33 + 16 * 32 + Integer.numberOfTrailingZeros(shards) * 4 * 128) * 4;
    }

    /// The number of blocks that share a row's vocabulary.
    static int sampleParts(int vocabulary) {
        return Math.ceilDiv(vocabulary, PART_TOKENS);
    }

    static int normaliseBytes(int columns) {
        return Math.ceilDiv(columns, 32) * 4;
    }

    static int routeBytes(int experts, int groups) {
        return 8 * (2 * experts + groups) + 4 * experts;
    }

    static int groupRowsBytes(int experts) {
        return 4 * (experts + 1);
    }

    static int appendBytes(int headDim) {
        return headDim * 4 + PARTIAL_SUMS_BYTES;
    }

    static int attentionPlainBytes(int headDim) {
        return (StepImage.SPLIT + 32 + headDim) * 4;
    }

    /// Bytes of `struct AttentionShared` in attention.cuh.
    static int attentionBytes(int width) {
        int queries = StepImage.QUERIES;
        return width * 32 + 2 * 4 * queries * 4 + 4 * queries * 4 + 4 + 5 * queries * (width + 4) * 4;
    }

    static int attentionThreads(int width) {
        return width > 128 ? 256 : 128;
    }

    private static int indexOf(int[] values, int value) {
        for (int i = 0; i < values.length; i++) {
            if (values[i] == value) {
                return i;
            }
        }
        throw new AssertionError("no kernel for " + value);
    }
}
