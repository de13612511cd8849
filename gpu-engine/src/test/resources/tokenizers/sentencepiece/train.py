"""Trains two small SentencePiece models and writes the ids that SentencePiece itself gives to some texts.

usage: python3 train.py TEXT_FILE...    (the models here were trained on the pages of docs/use)

Needs sentencepiece (written with 0.2.2).
"""
import json
import sys
import sentencepiece

TEXTS = ["Hello world", " two  spaces ", "", " ", "   ", "line\nbreak\tand tab", "tokens, tokens, tokens!", "x",
         "The cache holds keys and values of 16 positions.", "naïve café ÀÉ", "ﬁne ① ２３ ｆｕｌｌ", "日本語 text", "😀 emoji 😀😀",
         "a<sep>b <sep> c", "<sep>", "<s>not markup</s>", "<0x0A>", "\u00a0no-break\u00a0space",
         "▁mark▁", "e\u0301 e\u0300",
         "requests are answered exactly once; a repeat is marked",
         "ABCDEFG 1234567890", "trailing space ", "\u200bzero"]
COMMON = dict(model_prefix=None, vocab_size=420, character_coverage=0.999, user_defined_symbols=["<sep>"],
              minloglevel=2, hard_vocab_limit=False)

for name, options in {
        "unigram": dict(model_type="unigram"),
        "bytes": dict(model_type="bpe", byte_fallback=True, remove_extra_whitespaces=False,
                      normalization_rule_name="identity", vocab_size=700, split_digits=True),
        "plain": dict(model_type="bpe", add_dummy_prefix=False, normalization_rule_name="identity")}.items():
    sentencepiece.SentencePieceTrainer.train(
        input=",".join(sys.argv[1:]), **{**COMMON, **options, "model_prefix": name})
    model = sentencepiece.SentencePieceProcessor(model_file=name + ".model")
    with open(name + ".jsonl", "w") as out:
        for text in TEXTS:
            ids = model.encode(text)
            out.write(json.dumps({"text": text, "ids": ids, "back": model.decode(ids)}) + "\n")
