package dev.flover.engine.tokenizer;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Markup that ends an answer, by its spelling. Files name one or two of theirs, and some call them ordinary text;
/// peers stop at these, too (llama.cpp keeps such a list).
public final class EndSpellings {
    private static final Set<String> ENDS = Set.of(
            "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
            "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "</s>", "<eos>", "<end_of_utterance>",
            "<\uFF5Cend\u2581of\u2581sentence\uFF5C>", "<turn|>", "<|tool_response>", "[e~[",
            "<|return|>", "<|call|>", "<|calls|>", "<|flush|>",
            // Of models that fill in code: what separates files and repositories, and what pads.
            "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
            "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>");

    private EndSpellings() {}

    static boolean isEnd(String spelling) {
        return ENDS.contains(spelling);
    }

    /// The ids whose spelling ends an answer, of a vocabulary in the order of its ids.
    ///
    /// Where answers have parts, the mark between two parts is no end: `<|end|>` beside `<|return|>` and `<|call|>`
    /// (gpt-oss), or beside `<|calls|>` and `<|flush|>`. Nor is `</s>` beside `<|tool_response>` (Gemma 4).
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
