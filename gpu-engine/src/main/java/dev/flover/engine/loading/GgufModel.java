package dev.flover.engine.loading;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.GgufMetadata;
import dev.flover.engine.format.GgufValue;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.Hyperparameters.Multipliers;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorNames;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.Latent;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.ModelConfigLatentBuilder;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.engine.tokenizer.TokenizerLoader;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// A model read from a GGUF file, by the metadata keys that llama.cpp's converters write.
final class GgufModel implements ModelFiles {
    /// The context length that llama.cpp's converter of llama2.c checkpoints writes into every file, whatever the model
    /// was trained with. Such files are recognised by the model name "llama" and by a separator id of -1, which no
    /// other converter writes.
    private static final int LLAMA2C_CONTEXT = 128;
    private static final int LLAMA2C_TRUE_CONTEXT = 512;

    private final GgufFile file;
    private final GgufMetadata metadata;
    private final String architecture;
    private final int askedContext;
    private List<StoredTensor> used = List.of();

    /// @param askedContext the most positions of a sequence; 0 for the model's own context
    GgufModel(GgufFile file, int askedContext) {
        this.file = file;
        this.metadata = file.metadata();
        this.askedContext = askedContext;
        this.architecture = metadata.text("general.architecture")
                .orElseThrow(() -> problem("has no metadata general.architecture"));
    }

    @Override
    public Model model(Arena arena) {
        refuseWhatIsNotAModel();
        var family = Families.ofArchitecture(
                file.path(), architecture, integer("expert_count").orElse(0) > 0);
        var tokenizer = new FutureTask<@Nullable Tokenizer>(() -> TokenizerLoader.fromGguf(file));
        Thread.ofPlatform().daemon().name("tokenizer").start(tokenizer); // it takes longer than all else here
        var config = config(family);
        var tokens = new GgufTokens(metadata);
        var assembler = new WeightAssembler(
                file, family, false, config, multipliers(family).logits(), new TensorCopies(arena));
        var weights = assembler.assemble(Optional.empty());
        used = assembler.used();
        var unused = assembler.unused();
        unused.removeIf(name -> name.startsWith("rope_f"));
        for (int layer = layers(); layer < required("block_count"); layer++) {
            String predicting = "blk." + layer + "."; // tensors of layers for multi-token prediction
            unused.removeIf(name -> name.startsWith(predicting));
        }
        if (!unused.isEmpty()) {
            throw problem("has tensor " + Collections.min(unused) + ", which the architecture " + architecture
                    + " does not have");
        }
        var warnings = new ArrayList<>(tokens.warnings());
        new GgufWindows(file, architecture, family).warning().ifPresent(warnings::add);
        warnings.addAll(GgufKeys.check(file, architecture));
        return ModelBuilder.builder().path(file.path()).config(config).weights(weights)
                .fingerprint(Fingerprint.of(file)).endOfText(tokens.endOfText(config.vocabulary()))
                .tokenizer(await(tokenizer)).chatTemplate(chatTemplate()).toolTemplate(toolTemplate())
                .templateTokens(tokens.forTemplates()).samplingDefaults(samplingDefaults()).warnings(warnings)
                .arena(arena).build();
    }

    private static @Nullable Tokenizer await(Future<@Nullable Tokenizer> tokenizer) {
        try {
            return tokenizer.get();
        } catch (ExecutionException e) {
            switch (Objects.requireNonNull(e.getCause())) {
                case RuntimeException thrown -> throw thrown;
                case Error thrown -> throw thrown;
                case Throwable thrown -> throw new IllegalStateException(thrown);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the thread was interrupted while it loaded a model", e);
        }
    }

    @Override
    public ModelSummary summary(Model model) {
        return ModelSummaryBuilder.builder().path(file.path()).format(format()).name(name())
                .architecture(architecture).vocabulary(model.config().vocabulary()).config(model.config())
                .parameters(ModelSummary.parameters(used)).tensors(ModelSummary.count(used))
                .tokenizer(tokenizerKind()).endOfText(model.endOfText())
                .chatTemplate(model.chatTemplate()).toolTemplate(model.toolTemplate())
                .samplingDefaults(model.samplingDefaults())
                .warnings(model.warnings()).bytes(file.bytes()).fingerprint(model.fingerprint()).build();
    }

    @Override
    public Optional<ModelSummary> vocabularyAlone() {
        if (!isVocabularyAlone()) {
            return Optional.empty();
        }
        var tokens = new GgufTokens(metadata);
        int vocabulary = metadata.texts("tokenizer.ggml.tokens").size();
        return Optional.of(ModelSummaryBuilder.builder().path(file.path()).format(format()).name(name())
                .architecture(architecture).vocabulary(vocabulary).config(null).parameters(0).tensors(Map.of())
                .tokenizer(tokenizerKind()).endOfText(tokens.endOfText(vocabulary))
                .chatTemplate(chatTemplate()).toolTemplate(toolTemplate())
                .samplingDefaults(samplingDefaults()).warnings(tokens.warnings()).bytes(file.bytes())
                .fingerprint(Fingerprint.of(file)).build());
    }

    private @Nullable String chatTemplate() {
        return metadata.text("tokenizer.chat_template").orElse(null);
    }

    private @Nullable String toolTemplate() {
        return metadata.text("tokenizer.chat_template.tool_use").orElse(null);
    }

    private boolean isVocabularyAlone() {
        return file.tensors().isEmpty() && !metadata.texts("tokenizer.ggml.tokens").isEmpty();
    }

    private String format() {
        return "GGUF " + file.version() + (file.parts() > 1 ? " in " + file.parts() + " parts" : "");
    }

    private @Nullable String name() {
        return metadata.text("general.name").orElse(null);
    }

    private @Nullable String tokenizerKind() {
        return metadata.text("tokenizer.ggml.model")
                .map(kind -> kind + metadata.text("tokenizer.ggml.pre").map(pre -> ", " + pre).orElse(""))
                .orElse(null);
    }

    private void refuseWhatIsNotAModel() {
        String type = metadata.text("general.type").orElse("model");
        if (!type.equals("model")) {
            throw problem("has general.type \"" + type + "\"; expected a whole model, of type \"model\"");
        }
        if (isVocabularyAlone()) {
            throw problem("holds only a vocabulary and no weights; it can be used with the commands tokenize and"
                    + " inspect");
        }
    }

    // Reading the shape of the model

    ModelConfig config(Family family) {
        int hidden = required("embedding_length");
        int heads = uniform("attention.head_count").orElseThrow(() -> missing("attention.head_count"));
        if (heads < 1) {
            throw problem("has " + heads + " attention heads; at least 1 expected");
        }
        var latent = latent(family);
        int headDim = latent != null ? latent.turned() + latent.rank()
                : integer("attention.key_length").orElse(hidden / heads);
        if (latent == null && integer("attention.value_length").orElse(headDim) != headDim) {
            throw problem("has keys and values of different widths, which is not supported");
        }
        int rotaryDims = latent != null ? latent.turned() : integer("rope.dimension_count").orElse(headDim);
        return HyperparametersBuilder.builder().architecture(architecture).hidden(hidden).heads(heads)
                .kvHeads(latent != null ? 1 : uniform("attention.head_count_kv").orElse(heads)).headDim(headDim)
                .feedForward(feedForward(family)).vocabulary(WeightAssembler.vocabulary(file, family.ggufTensors()))
                .contextLength(context(family)).normEpsilon(epsilon(family)).activation(family.activation())
                .block(block(family)).attentionScale(latent == null ? attentionScale(family, hidden, heads, headDim)
                        : temperature() / Math.sqrt(latent.plain() + latent.turned()))
                .attentionSoftCap(real("attn_logit_softcapping", 0))
                .logitSoftCap(real("final_logit_softcapping", 0)).rotaryDims(rotaryDims)
                .rotaryBase(real("rope.freq_base", 10_000))
                .localBase(real("rope.freq_base_swa", family.localRotaryBase())).scaling(scaling(family, rotaryDims))
                .localScaling(localScaling(family, rotaryDims)).windows(windows(family, headDim, rotaryDims))
                .unrotated(unrotated(family)).multipliers(multipliers(family)).queryScaling(queryScaling())
                .routing(family.scoring() == null ? null : experts(family)).latent(latent).build()
                .config(family, family.ggufPairing());
    }

    /// The widths of latent attention; null if the family has none. Older files state a head's own widths as
    /// `key_length` and `value_length`, newer ones those of the latent key.
    private @Nullable Latent latent(Family family) {
        if (!family.ggufTensors().names().containsKey(TensorRole.KEY_DOWN)) {
            return null;
        }
        int turned = required("rope.dimension_count");
        int key = integer("attention.key_length_mla").orElseGet(() -> required("attention.key_length"));
        int value = integer("attention.value_length_mla").orElseGet(() -> required("attention.value_length"));
        return ModelConfigLatentBuilder.builder().queryRank(integer("attention.q_lora_rank").orElse(0))
                .rank(required("attention.kv_lora_rank")).plain(key - turned).turned(turned).valueDim(value).build();
    }

    /// The factor of YaRN on the products of queries and keys in latent attention: see [FolderRotary#temperature].
    private double temperature() {
        double magnitude = RotaryScaling.Yarn.magnitudeFor(real("rope.scaling.factor", 1), latentMultiplier());
        return magnitude * magnitude;
    }

    /// `mscale_all_dim` of the model's configuration. llama.cpp's converter writes a tenth of it for this architecture.
    private double latentMultiplier() {
        return 10 * real("rope.scaling.yarn_log_multiplier", 0);
    }

    /// The number of layers, not counting those for multi-token prediction.
    private int layers() {
        return required("block_count") - integer("nextn_predict_layers").orElse(0);
    }

    /// The width of a feed-forward layer. Files in which all layers have experts may state only that of an expert.
    private int feedForward(Family family) {
        var width = uniform("feed_forward_length");
        if (width.isEmpty() && family.scoring() != null) {
            width = integer("expert_feed_forward_length");
        }
        return width.orElseThrow(() -> missing("feed_forward_length"));
    }

    private Routing experts(Family family) {
        int width = integer("expert_feed_forward_length").orElseGet(() -> feedForward(family));
        return new GgufExperts(file, architecture, family).of(required("expert_count"),
                required("expert_used_count"), width);
    }

    private Set<Integer> unrotated(Family family) {
        var unrotated = new HashSet<Integer>();
        for (int layer = family.unrotatedEvery(); layer > 0 && layer <= layers();
                layer += family.unrotatedEvery()) {
            unrotated.add(layer - 1);
        }
        return unrotated;
    }

    private Multipliers multipliers(Family family) {
        double logits = real("logit_scale", 1);
        return new Multipliers(
                real("embedding_scale", 1), real("residual_scale", 1), family.dividesLogits() ? 1 / logits : logits);
    }

    private @Nullable QueryScaling queryScaling() {
        double beta = real("attention.temperature_scale", 0);
        return beta == 0 ? null : new QueryScaling(beta, originalContext());
    }

    /// Whether attention and feed-forward see the same input. In a family whose sequential models have a norm more, the
    /// tensors tell, because converters state `true` for each model whose configuration states nothing.
    private Block block(Family family) {
        String key = "use_parallel_residual";
        if (!GgufOwnKeys.has(architecture, key)) {
            return family.block();
        }
        boolean parallel = metadata.flag(architecture + "." + key).orElse(true);
        if (family.optional().contains(TensorRole.FEED_FORWARD_NORM)) {
            parallel = family.ggufTensors().name(TensorRole.FEED_FORWARD_NORM, 0)
                    .flatMap(name -> file.tensor(TensorNames.weight(name))).isEmpty();
        }
        return parallel ? family.block() : Block.SEQUENTIAL;
    }

    private double epsilon(Family family) {
        String key = family.normKind() == NormKind.RMS
                ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
        return metadata.real(architecture + "." + key).orElseThrow(() -> missing(key));
    }

    private double attentionScale(Family family, int hidden, int heads, int headDim) {
        boolean wide = layers() == family.wideScaleLayers();
        return real("attention.scale", 1 / Math.sqrt(wide ? (double) hidden / heads : headDim));
    }

    private List<Integer> windows(Family family, int headDim, int rotaryDims) {
        int layers = layers();
        if (layers < 1 || layers > Hyperparameters.MAX_LAYERS) {
            throw problem("has " + layers + " layers; 1 to " + Hyperparameters.MAX_LAYERS + " are supported");
        }
        return new GgufWindows(file, architecture, family).of(layers, headDim, rotaryDims);
    }

    // Reading how positions are encoded

    private int context(Family family) {
        int trained = required("context_length");
        if (askedContext > 0) {
            if (family.learnsPositions() && askedContext > trained) {
                throw problem("supports only " + trained + " positions; a context of " + askedContext
                        + " was requested");
            }
            return askedContext;
        }
        return trained == LLAMA2C_CONTEXT && isFromLlama2c() ? LLAMA2C_TRUE_CONTEXT : trained;
    }

    private boolean isFromLlama2c() {
        return metadata.text("general.name").orElse("").equals("llama")
                && metadata.integer("tokenizer.ggml.seperator_token_id").orElse(0) == -1;
    }

    private int originalContext() {
        return integer("rope.scaling.original_context_length").orElseGet(() -> required("context_length"));
    }

    private RotaryScaling scaling(Family family, int rotaryDims) {
        double magnitude = real("rope.scaling.attn_factor", 1);
        // A factor without a type means linear scaling, as in files from before there were types. A factor of 0 means
        // no scaling.
        String type = metadata.text(architecture + ".rope.scaling.type").orElse("linear");
        double given = type.equals("none") ? 1 : real("rope.scaling.factor", real("rope.scale_linear", 1));
        double factor = given == 0 ? 1 : given;
        var divisors = file.tensor("rope_freqs.weight");
        if (divisors.isPresent()) {
            if (!type.equals("none") && !type.equals("linear")) {
                throw problem("scales rotary positions by \"" + type
                        + "\" and by the tensor rope_freqs.weight, which is not supported together");
            }
            return divided(divisors.get(), rotaryDims, factor, magnitude);
        }
        var shorter = file.tensor("rope_factors_short.weight");
        var longer = file.tensor("rope_factors_long.weight");
        if (shorter.isPresent() && longer.isPresent()) {
            return new RotaryScaling.LongRope(divided(shorter.get(), rotaryDims, factor, magnitude),
                    divided(longer.get(), rotaryDims, factor, magnitude), originalContext());
        }
        return switch (type) {
            case "none", "linear" -> new RotaryScaling.Linear(factor, magnitude);
            case "yarn" -> yarn(family, factor, magnitude);
            case "longrope" -> throw problem("scales rotary positions by longrope but has no rope_factors_short.weight"
                    + " or rope_factors_long.weight");
            default -> throw problem("scales rotary positions by \"" + type
                    + "\", which is not supported; none, linear, yarn and longrope are");
        };
    }

    private RotaryScaling yarn(Family family, double factor, double magnitude) {
        double weightOfAll = real("rope.scaling.yarn_log_multiplier", 0);
        boolean latent = family.ggufTensors().names().containsKey(TensorRole.KEY_DOWN);
        // with latent attention, both corrections that a configuration can have are equal, and cancel each other
        double correction = latent && weightOfAll != 0 ? 1 : RotaryScaling.Yarn.magnitudeFor(factor)
                / (weightOfAll == 0 ? 1 : RotaryScaling.Yarn.magnitudeFor(factor, weightOfAll));
        return new RotaryScaling.Yarn(
                factor, originalContext(), real("rope.scaling.yarn_beta_fast", 32),
                real("rope.scaling.yarn_beta_slow", 1), !family.yarnUntruncated(), magnitude * correction);
    }

    /// The scaling of the layers with a window: none if these layers have a rotary base of their own.
    private RotaryScaling localScaling(Family family, int rotaryDims) {
        return family.localRotaryBase() == 0 ? scaling(family, rotaryDims) : new RotaryScaling.None();
    }

    private RotaryScaling.Divided divided(StoredTensor divisors, int rotaryDims, double factor, double magnitude) {
        if (divisors.rows() != 1 || divisors.columns() != rotaryDims / 2) {
            throw problem("gives tensor " + divisors.name() + " the shape [" + divisors.rows() + ", "
                    + divisors.columns() + "]; " + rotaryDims / 2 + " values expected");
        }
        var values = new ArrayList<Double>();
        for (float value : TensorCopies.values(divisors)) {
            values.add(value * factor);
        }
        return new RotaryScaling.Divided(values, magnitude);
    }

    // Reading sampling defaults

    private @Nullable SamplingParams samplingDefaults() {
        return new SamplingDefaults(
                metadata.real("general.sampling.temp"), metadata.integer("general.sampling.top_k"),
                metadata.real("general.sampling.top_p"), metadata.real("general.sampling.min_p"),
                metadata.real("general.sampling.penalty_repeat"), OptionalDouble.empty(), Optional.empty())
                .params(file.path());
    }

    // Reading metadata whose keys begin with the architecture's name

    private int required(String key) {
        return integer(key).orElseThrow(() -> missing(key));
    }

    private OptionalInt integer(String key) {
        return metadata.integer(architecture + "." + key);
    }

    /// A key that is an integer, or one integer for each layer, all of them equal.
    private OptionalInt uniform(String key) {
        String full = architecture + "." + key;
        if (!(metadata.value(full).orElse(null) instanceof GgufValue.Wholes)) {
            return metadata.integer(full);
        }
        int[] values = metadata.integers(full);
        for (int value : values) {
            if (value != values[0]) {
                throw problem("has layers of different " + key + ", which is not supported");
            }
        }
        return values.length == 0 ? OptionalInt.empty() : OptionalInt.of(values[0]);
    }

    private double real(String key, double otherwise) {
        if (!GgufOwnKeys.has(architecture, key)) {
            return otherwise;
        }
        return metadata.real(architecture + "." + key).orElse(otherwise);
    }

    private ModelFileException missing(String key) {
        return problem("has no metadata " + architecture + "." + key);
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(file.path(), problem);
    }
}
