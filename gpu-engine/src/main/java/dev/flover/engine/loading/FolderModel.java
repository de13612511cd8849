package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.format.SafetensorsFolder;
import dev.flover.engine.loading.Hyperparameters.Multipliers;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.Latent;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.ModelConfigLatentBuilder;
import dev.flover.engine.model.ModelConfigRoutingBuilder;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tokenizer.TokenizerLoader;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A model read from a Hugging Face folder: `config.json`, safetensors files, and the files of the tokenizer and of
/// chat.
final class FolderModel implements ModelFiles {
    /// The files beside the weights whose content affects the model's answers; they are part of its fingerprint.
    static final List<String> DESCRIPTIONS = List.of(
            "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
            "special_tokens_map.json", "chat_template.jinja",
            "additional_chat_templates/tool_use.jinja");
    /// The ends (and below, the starts) of the names of tensors that published folders hold beside the language model's
    /// weights: constants, precomputed tables, and the weights of vision encoders.
    private static final List<String> IGNORED_ENDS =
            List.of("rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias",
                    ".attention.masked_bias", "lm_head.weight");
    private static final List<String> IGNORED_STARTS =
            List.of("vision_tower.", "model.vision_tower.", "multi_modal_projector.", "model.multi_modal_projector.");
    private static final Set<TensorRole> FEED_FORWARD = Set.of(TensorRole.GATE, TensorRole.UP, TensorRole.DOWN);

    private final Path folder;
    private final JsonFile outer;
    /// The part of `config.json` about the language model, with all its keys; the whole file if it has no such part.
    private final JsonFile said;
    private final Family family;
    /// As [#said], with the family's defaults and without the keys of other families.
    private final JsonFile config;
    private final int askedContext;
    private final SafetensorsFolder tensors;
    private List<StoredTensor> used = List.of();

    /// @param askedContext the most positions of a sequence; 0 for the model's own context
    /// @param arena        owns the mapped weights
    FolderModel(Path folder, int askedContext, Arena arena) {
        this.folder = folder;
        this.askedContext = askedContext;
        var file = folder.resolve("config.json");
        if (!Files.exists(file)) {
            throw new ModelFileException(folder, "has no config.json, so it is not a Hugging Face model folder;"
                    + " for a GGUF model give the .gguf file itself");
        }
        this.outer = JsonFile.read(file);
        String modelType = outer.text("model_type")
                .orElseThrow(() -> new ModelFileException(file, "has no \"model_type\""));
        var known = Families.ofModelType(file, modelType);
        this.said = outer.object("text_config").orElse(outer);
        this.config = OwnKeys.of(said, known).withDefaults(known.configDefaults());
        this.family = sayingBiases(known);
        refuseWhatIsNotSupported();
        this.tensors = SafetensorsFolder.open(folder, arena);
    }

    /// The family, with biases added or removed as the configuration says.
    private Family sayingBiases(Family known) {
        var said = known;
        for (var entry : List.of(
                Map.entry("attention_bias", known.attentionBiased()),
                Map.entry("attention_out_bias", Set.of(TensorRole.ATTENTION_OUT)),
                Map.entry("qkv_bias", Set.of(TensorRole.QUERY, TensorRole.KEY, TensorRole.VALUE)),
                Map.entry("use_qkv_bias", Set.of(TensorRole.QUERY, TensorRole.KEY, TensorRole.VALUE)),
                Map.entry("mlp_bias", FEED_FORWARD),
                Map.entry("bias", known.linearBiased()),
                Map.entry("use_bias", known.linearBiased()),
                Map.entry("enable_bias", known.linearBiased()))) {
            var flag = config.flag(entry.getKey());
            said = flag.isPresent() ? said.biased(entry.getValue(), flag.get()) : said;
        }
        return said;
    }

    @Override
    public Model model(Arena arena) {
        var shape = shape();
        var assembler = new WeightAssembler(
                tensors, family, true, shape, multipliers().logits(), new TensorCopies(arena));
        var weights = assembler.assemble(config.flag("tie_word_embeddings"));
        used = assembler.used();
        refuseUnknown(assembler.unused());
        var generation = JsonFile.readIfPresent(folder.resolve("generation_config.json"));
        var tokenizer = TokenizerLoader.fromHuggingFace(folder);
        var templates = new FolderTemplates(folder);
        var tokens = new FolderTokens(folder, outer, config, generation, tokenizer);
        var ends = tokens.endOfText(shape.vocabulary());
        var warnings = new ArrayList<>(tokens.warnings());
        warnings.addAll(OwnKeys.warnings(said, family));
        warnings.addAll(ConfigKeys.warnings(outer, config));
        generation.ifPresent(suggested -> warnings.addAll(SamplingDefaults.warnings(suggested)));
        return ModelBuilder.builder().path(folder).config(shape).weights(weights)
                .fingerprint(Fingerprint.of(folder, tensors)).endOfText(ends).tokenizer(tokenizer)
                .chatTemplate(templates.general()).toolTemplate(templates.withTools())
                .templateTokens(tokens.forTemplates())
                .samplingDefaults(generation.map(FolderModel::samplingDefaults).orElse(null)).warnings(warnings)
                .arena(arena).build();
    }

    @Override
    public ModelSummary summary(Model model) {
        return ModelSummaryBuilder.builder().path(folder).format("Hugging Face folder")
                .name(outer.text("_name_or_path", "name").orElse(null))
                .architecture(model.config().architecture()).vocabulary(model.config().vocabulary())
                .config(model.config()).parameters(ModelSummary.parameters(used))
                .tensors(ModelSummary.count(used)).tokenizer(model.tokenizer() == null ? null
                        : Files.exists(folder.resolve("tokenizer.json")) ? "tokenizer.json" : "tokenizer.model")
                .endOfText(model.endOfText()).chatTemplate(model.chatTemplate()).toolTemplate(model.toolTemplate())
                .samplingDefaults(model.samplingDefaults()).warnings(model.warnings()).bytes(tensors.bytes())
                .fingerprint(model.fingerprint()).build();
    }

    private void refuseWhatIsNotSupported() {
        var quantised = outer.object("quantization_config");
        String method = quantised.flatMap(by -> by.text("quant_method")).orElse("an unnamed method");
        if (quantised.isPresent() && !(method.equals("mxfp4") && family.interleavedGates())) {
            throw problem("holds weights quantised by " + method
                    + "; plain float weights, or quantised ones as GGUF, are supported");
        }
        for (String key : List.of("scale_attn_by_inverse_layer_idx", "use_bidirectional_attention",
                "add_cross_attention")) {
            if (config.flag(key).orElse(false)) {
                throw problem("sets \"" + key + "\", which is not supported");
            }
        }
        config.real("clip_qkv").ifPresent(limit -> {
            throw problem("limits queries, keys and values to " + limit + " (clip_qkv), which is not supported");
        });
        ConfigKeys.refusal(config, family).ifPresent(refusal -> {
            throw problem(refusal);
        });
        config.firstDifference(family.onlyWith()).ifPresent(difference -> {
            throw problem(difference + " in models of type " + family.modelTypes().getFirst());
        });
        int embedded = config.integer("word_embed_proj_dim").orElse(required("hidden_size", "n_embd"));
        if (embedded != required("hidden_size", "n_embd")) {
            throw problem("has embeddings of width " + embedded
                    + " in a model of another width, which is not supported");
        }
    }

    private void refuseUnknown(Set<String> unused) {
        int layers = required("num_hidden_layers", "n_layer");
        for (int extra = 0; extra < config.integer("num_nextn_predict_layers").orElse(0); extra++) {
            String predicting = "layers." + (layers + extra) + "."; // tensors of layers for multi-token prediction
            unused.removeIf(name -> name.contains(predicting));
        }
        unused.removeIf(name -> IGNORED_ENDS.stream().anyMatch(name::endsWith)
                || IGNORED_STARTS.stream().anyMatch(name::startsWith));
        if (!unused.isEmpty()) {
            throw problem("has tensor " + Collections.min(unused) + ", which the family "
                    + family.modelTypes().getFirst() + " does not have");
        }
    }

    // Reading the shape of the model

    private ModelConfig shape() {
        int hidden = required("hidden_size", "n_embd");
        int heads = required("num_attention_heads", "n_head");
        if (heads < 1 || hidden < 1) {
            throw problem("has " + heads + " attention heads and a width of " + hidden
                    + "; at least 1 of each expected");
        }
        var latent = latent();
        int headDim = latent != null ? latent.turned() + latent.rank()
                : config.integer("head_dim").orElse(hidden / heads);
        var rotary = FolderRotary.of(config);
        var local = FolderRotary.ofWindows(config);
        if (rotary.share() != 1 && !OwnKeys.rotatesPartly(family)) {
            throw problem("sets \"partial_rotary_factor\" to " + rotary.share()
                    + "; only 1 is supported in models of type " + family.modelTypes().getFirst());
        }
        int rotaryDims = latent != null ? latent.turned()
                : config.integer("rotary_dim").orElse((int) (headDim * rotary.share()));
        int context = context(rotary);
        return HyperparametersBuilder.builder().architecture(family.modelTypes().getFirst()).hidden(hidden)
                .heads(heads).kvHeads(latent != null ? 1 : keyHeads(heads)).headDim(headDim)
                .feedForward(feedForward(hidden))
                .vocabulary(WeightAssembler.vocabulary(tensors, family.tensors())).contextLength(context)
                .normEpsilon(epsilon()).activation(activation()).block(block())
                .attentionScale(latent == null ? attentionScale(headDim)
                        : rotary.temperature() / Math.sqrt(latent.plain() + latent.turned()))
                .attentionSoftCap(config.real("attn_logit_softcapping").orElse(0))
                .logitSoftCap(config.real("final_logit_softcapping").orElse(0)).rotaryDims(rotaryDims)
                .rotaryBase(rotary.base()).localBase(localBase(local)).scaling(rotary.scaling())
                .localScaling(local.map(FolderRotary::scaling).orElseGet(RotaryScaling.None::new))
                .windows(windows()).unrotated(unrotated()).multipliers(multipliers())
                .queryScaling(queryScaling(rotary)).routing(routing(hidden)).latent(latent).build()
                .config(family, family.folderPairing());
    }

    /// The widths of latent attention; null if the family has none.
    private @Nullable Latent latent() {
        if (!family.tensors().names().containsKey(TensorRole.KEY_DOWN)) {
            return null;
        }
        return ModelConfigLatentBuilder.builder().queryRank(config.integer("q_lora_rank").orElse(0))
                .rank(required("kv_lora_rank")).plain(required("qk_nope_head_dim"))
                .turned(required("qk_rope_head_dim")).valueDim(required("v_head_dim")).build();
    }

    private double epsilon() {
        return config.real("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon")
                .orElse(1e-5);
    }

    private int feedForward(int hidden) {
        return config.integer("intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim")
                .orElseGet(() -> Math.multiplyExact(4, hidden));
    }

    private Activation activation() {
        if (family.activationFixed()) {
            return family.activation();
        }
        String name = config.text("hidden_activation", "hidden_act", "activation_function", "activation")
                .orElse(null);
        return switch (name) {
            case null -> family.activation();
            case "silu", "swish" -> Activation.SILU;
            case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "gelu" -> Activation.GELU_ERF;
            case "relu" -> Activation.RELU;
            case "relu2" -> Activation.RELU_SQUARED;
            default -> throw problem("uses the activation \"" + name
                    + "\", which is not supported; silu, gelu, gelu_new, gelu_pytorch_tanh, relu and relu2 are");
        };
    }

    private Block block() {
        return config.flag("use_parallel_residual").orElse(true) ? family.block() : Block.SEQUENTIAL;
    }

    private int keyHeads(int heads) {
        boolean one = config.flag("multi_query").orElse(false)
                && !config.flag("new_decoder_architecture").orElse(false);
        return one ? 1 : config.integer("num_key_value_heads", "num_kv_heads").orElse(heads);
    }

    private double attentionScale(int headDim) {
        var multiplier = config.real("attention_multiplier");
        if (multiplier.isPresent()) {
            return multiplier.getAsDouble();
        }
        return config.flag("scale_attn_weights").orElse(true)
                ? 1 / Math.sqrt(config.real("query_pre_attn_scalar").orElse(headDim))
                : 1;
    }

    private List<Integer> windows() {
        int layers = required("num_hidden_layers", "n_layer");
        if (layers < 1 || layers > Hyperparameters.MAX_LAYERS) {
            throw problem("has " + layers + " layers; 1 to " + Hyperparameters.MAX_LAYERS + " are supported");
        }
        return new FolderWindows(config, family, unrotated()).of(layers);
    }

    /// The layers without rotary positions, counted from 0.
    private Set<Integer> unrotated() {
        var unrotated = new HashSet<Integer>();
        var rotated = config.integers("no_rope_layers");
        int every = config.integer("no_rope_layer_interval").orElse(family.unrotatedEvery());
        for (int layer = 0; layer < required("num_hidden_layers", "n_layer"); layer++) {
            boolean turns = layer < rotated.size() ? rotated.get(layer) != 0 : every < 1 || (layer + 1) % every != 0;
            if (!turns) {
                unrotated.add(layer);
            }
        }
        return unrotated;
    }

    private Multipliers multipliers() {
        double logits = config.real("logit_scale", "logits_scaling").orElse(1);
        return new Multipliers(
                config.real("embedding_multiplier").orElse(1), config.real("residual_multiplier").orElse(1),
                family.dividesLogits() ? 1 / logits : logits);
    }

    private @Nullable QueryScaling queryScaling(FolderRotary rotary) {
        double beta = rotary.queryGrowth();
        return beta == 0 ? null : new QueryScaling(beta, (int) rotary.originalContext());
    }

    private @Nullable Routing routing(int hidden) {
        var scoring = family.scoring();
        if (scoring == null) {
            return null;
        }
        int width = config.integer("moe_intermediate_size").orElse(feedForward(hidden));
        int shared = config.integer("shared_expert_intermediate_size")
                .orElseGet(() -> Math.multiplyExact(config.integer("n_shared_experts").orElse(0), width));
        boolean grouped = !config.text("topk_method").orElse("").equals("greedy");
        return ModelConfigRoutingBuilder.builder()
                .experts(required("num_local_experts", "num_experts", "n_routed_experts"))
                .chosen(required("num_experts_per_tok")).width(width).sharedWidth(shared)
                .scoring(scoring)
                .normalised(config.flag("norm_topk_prob").orElse(family.normalisesExperts()))
                .scale((float) config.real("routed_scaling_factor").orElse(1))
                .groups(grouped ? config.integer("n_group").orElse(1) : 1)
                .chosenGroups(grouped ? config.integer("topk_group").orElse(1) : 1).build();
    }

    // Reading how positions are encoded

    private double localBase(Optional<FolderRotary> local) {
        return local.flatMap(FolderRotary::ownBase)
                .orElseGet(() -> config.real("rope_local_base_freq").orElse(family.localRotaryBase()));
    }

    private int context(FolderRotary rotary) {
        int trained = required("max_position_embeddings", "n_positions");
        boolean ends = family.learnsPositions() || rotary.endsWithTraining();
        if (ends && askedContext > trained) {
            throw problem("supports only " + trained + " positions; a context of " + askedContext
                    + " was requested");
        }
        return askedContext > 0 ? askedContext : trained;
    }

    // Reading sampling defaults

    private static @Nullable SamplingParams samplingDefaults(JsonFile generation) {
        return new SamplingDefaults(
                generation.real("temperature"), generation.integer("top_k"), generation.real("top_p"),
                generation.real("min_p"), generation.real("repetition_penalty"), generation.real("typical_p"),
                generation.flag("do_sample")).params(generation.path());
    }

    private int required(String... keys) {
        return config.integer(keys).orElseThrow(() -> problem("has no \"" + keys[0] + "\""));
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(config.path(), problem);
    }
}
