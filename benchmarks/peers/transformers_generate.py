"""Hugging Face transformers: `generate` on a batch, and continuous batching (`generate_batch`), on random weights.

The decode rate is that of the tokens after the first: the time until the first token, which is that of the prompt, is
measured separately and subtracted. Prints one line of JSON for each batch size and way.

    python3 transformers_generate.py --shape llama-8b --batch 1,16,64 --prompt-tokens 960 --gen-tokens 128
"""

import statistics
import sys
import time

import shapes

try:
    import torch
    import transformers
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
except ImportError as problem:
    shapes.missing(f"{problem.name} is not installed for {sys.executable}: it is what this script measures"
                   " (pip install torch transformers accelerate)")


def random_model(shape, context, device):
    config = LlamaConfig(
        hidden_size=shape.hidden, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads, head_dim=shape.head_dim, intermediate_size=shape.feed_forward,
        vocab_size=shape.vocabulary, max_position_embeddings=context,
        tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        return LlamaForCausalLM(config).eval()


def generation(tokens):
    return GenerationConfig(max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, use_cache=True,
                            eos_token_id=None, pad_token_id=0)


def generate(model, prompts, tokens):
    out = model.generate(prompts, attention_mask=torch.ones_like(prompts), generation_config=generation(tokens))
    return out.shape[0] * (out.shape[1] - prompts.shape[1])


def generate_continuously(model, prompts, tokens):
    config = generation(tokens)
    config.eos_token_id = -1
    out = model.generate_batch(inputs=prompts.tolist(), generation_config=config)
    return sum(len(result.generated_tokens) for result in out.values())


def seconds(way, model, prompts, tokens, chosen):
    wait = torch.cuda.synchronize if chosen.device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    made = way(model, prompts, tokens)
    wait()
    spent = time.perf_counter() - started
    if made != tokens * len(prompts):
        raise RuntimeError(f"{tokens * len(prompts)} tokens were asked for, {made} came")
    return spent


def measure(name, way, model, prompts, chosen):
    way(model, prompts, 2)
    whole = statistics.median(
        seconds(way, model, prompts, chosen.gen_tokens, chosen) for _ in range(chosen.repeat))
    first = statistics.median(seconds(way, model, prompts, 1, chosen) for _ in range(chosen.repeat))
    batch = len(prompts)
    decoding = max(whole - first, 1e-9)
    shapes.report(name, transformers.__version__, chosen, batch, batch * (chosen.gen_tokens - 1) / decoding,
                  tokensPerSecondWithPrompts=round(batch * chosen.gen_tokens / whole, 1),
                  stepMs=round(1e3 * decoding / (chosen.gen_tokens - 1), 4),
                  torch=torch.__version__, device=chosen.device)


@torch.inference_mode()
def main():
    chosen = shapes.options(__doc__.splitlines()[0])
    shapes.require_device(torch, chosen.device)
    shape = shapes.SHAPES[chosen.shape]
    model = random_model(shape, chosen.prompt_tokens + chosen.gen_tokens + 1, chosen.device)
    for batch in chosen.batches:
        prompts = torch.randint(1, shape.vocabulary, (batch, chosen.prompt_tokens), device=chosen.device)
        measure("transformers generate", generate, model, prompts, chosen)
        if not hasattr(model, "generate_batch"):
            print(f"transformers {transformers.__version__} has no generate_batch, so continuous batching is left out")
        elif chosen.device == "cpu":
            print("continuous batching needs a CUDA device, so it is left out")
        else:
            measure("transformers generate_batch", generate_continuously, model, prompts, chosen)


if __name__ == "__main__":
    main()
