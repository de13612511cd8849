package dev.flover.engine.tokenizer;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Spellings of markup that ends an answer. Model files declare only one or two of their end tokens, and some declare
/// them as ordinary text; other engines stop at these spellings, too (llama.cpp keeps a similar list).
public final class EndSpellings {
    private static final Set<String> ENDS = Set.of(
            "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
            "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "</s>", "<eos>", "<end_of_utterance>",
            "<\uFF5Cend\u2581of\u2581sentence\uFF5C>", "<turn|>", "<|tool_response>", "[e~[",
            "<|return|>", "<|call|>", "<|calls|>", "<|flush|>",
            // Tokens of code models that separate files and repositories, and padding tokens.
            "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
            "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>");

    private EndSpellings() {}

    static boolean isEnd(String spelling) {
        return ENDS.contains(spelling);
    }

    /// The ids whose spelling ends an answer.
    ///
    /// In models whose answers have several parts, the token between two parts is no end: `<|end|>` in a vocabulary
    /// with `<|return|>` and `<|call|>` (gpt-oss), or with `<|calls|>` and `<|flush|>`; and `</s>` in one with
    /// `<|tool_response>` (Gemma 4).
    ///
    /// @param vocabulary the spellings of all tokens, in the order of their ids
    public static List<Integer> among(List<String> vocabulary) {
        var found = new TreeSet<Integer>();
        var spelled = new TreeSet<String>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (isEnd(vocabulary.get(id))) {
                found.add(id);
                spelled.add(vocabulary.get(id));
            }
        }
        boolean calls = spelled.contains("<|call|>") || spelled.contains("<|calls|>");
        if (calls && (spelled.contains("<|return|>") || spelled.contains("<|flush|>"))) {
            found.removeIf(id -> vocabulary.get(id).equals("<|end|>"));
        }
        if (spelled.contains("<|tool_response>")) {
            found.removeIf(id -> vocabulary.get(id).equals("</s>"));
        }
        return List.copyOf(found);
    }
}
