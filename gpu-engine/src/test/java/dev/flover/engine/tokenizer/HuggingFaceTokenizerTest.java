package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.format.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceTokenizerTest {
    private static final int MARKUP = 256;

    @TempDir
    Path folder;

    @Test
    void normalizersRewriteTheTextInOrder() {
        assertThat(normalized("{'type':'Lowercase'}", "HeLLo")).isEqualTo("hello");
        assertThat(normalized("{'type':'Lowercase'}", "ΟΔΟΣ İ")).isEqualTo("οδοσ i\u0307");
        assertThat(normalized("{'type':'StripAccents'}", "a\u0301\u0903\u20DDb")).isEqualTo("ab");
        assertThat(normalized("{'type':'NFC'}", "e\u0301")).isEqualTo("\u00E9");
        assertThat(normalized("{'type':'NFKC'}", "\uFB01")).isEqualTo("fi");
        assertThat(normalized("{'type':'NFD'}", "\u00E9")).isEqualTo("e\u0301");
        assertThat(normalized("{'type':'Prepend','prepend':'_'}", "a")).isEqualTo("_a");
        assertThat(normalized("{'type':'Strip','strip_left':true,'strip_right':false}", " a ")).isEqualTo("a ");
        assertThat(normalized("{'type':'Replace','pattern':{'Regex':' {2,}'},'content':' '}", "a   b  c"))
                .isEqualTo("a b c");
        assertThat(normalized("{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'},"
                + "{'type':'Replace','pattern':{'String':'.'},'content':'!'}]}", "\u00E9.")).isEqualTo("e!");
    }

    private String normalized(String normalizer, String text) {
        var tokenizer = open(json -> json.set("normalizer", json(normalizer)));
        return tokenizer.decode(tokenizer.encode(text, false));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "{'type':'Whitespace'}; ab, c!; ab|,|c|!",
        "{'type':'WhitespaceSplit'}; ab, c!; ab,|c!",
        "{'type':'Digits','individual_digits':true}; a12b; a|1|2|b",
        "{'type':'Digits'}; a12b; a|12|b",
        "{'type':'Punctuation'}; a!?b; a|!|?|b",
        "{'type':'Punctuation','behavior':'Contiguous'}; a!?b; a|!?|b",
        "{'type':'CharDelimiterSplit','delimiter':'-'}; a-b--c; a|b|c",
        "{'type':'Split','pattern':{'String':'-'},'behavior':'Removed','invert':false}; a-b--c; a|b|c",
        "{'type':'Split','pattern':{'String':'-'},'behavior':'Isolated','invert':false}; a-b--c; a|-|b|-|-|c",
        "{'type':'Split','pattern':{'String':'-'},'behavior':'MergedWithPrevious'}; -a-b--c; -|a-|b-|-|c",
        "{'type':'Split','pattern':{'String':'-'},'behavior':'MergedWithNext'}; a-b--c-; a|-b|-|-c|-",
        "{'type':'Split','pattern':{'String':'-'},'behavior':'Contiguous'}; a-b--c; a|-|b|--|c",
        "{'type':'Split','pattern':{'Regex':'[a-z]+'},'behavior':'Removed','invert':true}; a1bc2; a|bc",
        "{'type':'Metaspace','replacement':'_','prepend_scheme':'always'}; ab c; _ab|_c",
        "{'type':'Metaspace','replacement':'_','prepend_scheme':'never'}; ab c; ab|_c",
        "{'type':'Metaspace','replacement':'_','add_prefix_space':false,'split':false}; ab c; ab_c",
        "{'type':'Sequence','pretokenizers':[{'type':'Digits'},{'type':'Punctuation'}]}; a1!; a|1|!"
    })
    void preTokenizersCutAsTheirNamesSay(String preTokenizer, String text, String expected) {
        var pieces = new StringBuilder();
        new HuggingFaceStages(folder)
                .preTokenizer(json(preTokenizer))
                .split(text, true, (piece, _) -> pieces.append(pieces.isEmpty() ? "" : "|").append(piece));

        assertThat(pieces).hasToString(expected);
    }

    @Test
    void aFirstOnlyMarkIsPutBeforeTheInputNotBeforeWhatFollowsMarkup() {
        var split = new MetaspaceSplit('_', MetaspaceSplit.Prepend.FIRST, true);

        split.split("a", true, (piece, _) -> assertThat(piece).isEqualTo("_a"));
        split.split("a", false, (piece, _) -> assertThat(piece).isEqualTo("a"));
    }

    @Test
    void mergesGoInTheirOrderAndWholePiecesBeforeThemWhereTheFileSaysSo() {
        var merges = List.of("b c", "a b", "ab c");
        var merged = Tokenizers.open(folder, Tokenizers.byteLevelJson(merges));
        var whole = Tokenizers.byteLevelJson(merges);
        ((ObjectNode) whole.get("model")).put("ignore_merges", true);

        assertThat(merged.encode("abc", false)).containsExactly('a', 256);
        assertThat(Tokenizers.open(folder, whole).encode("abc", false)).containsExactly(258);
    }

    @Test
    void markupIsFoundOnlyWhereItIsAskedFor() {
        var tokenizer = open(json -> { });

        assertThat(tokenizer.encode("a<|end|>b", true)).containsExactly('a', MARKUP, 'b');
        assertThat(tokenizer.encode("a<|end|>b", false)).hasSize(9).doesNotContain(MARKUP);
        assertThat(tokenizer.decode(new int[] {'a', MARKUP, 'b'})).isEqualTo("ab");
    }

    /// As in the transformers library, with tokenizers that it was given.
    @Test
    void tokensOfTheConfigurationAloneAreFound() throws IOException {
        config("{'added_tokens_decoder':{'257':{'content':'<x>','special':true},"
                + "'258':{'content':'word','special':false},'256':{'content':'<|end|>','special':true}}}");
        var tokenizer = open(json -> { });

        assertThat(tokenizer.encode("a<x>word", true)).containsExactly('a', 257, 258);
        assertThat(tokenizer.encode("a<x>word", false)).containsExactly('a', '<', 'x', '>', 258);
        assertThat(tokenizer.isControl(257)).isTrue();
        assertThat(tokenizer.decode(new int[] {258})).isEqualTo("word");
        config("{'added_tokens_decoder':{'256':{'content':'<x>'}}}");
        assertThatThrownBy(() -> open(json -> { })).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("tokenizer_config.json").hasMessageContaining("with the id 256");
    }

    @Test
    void wordsThatTheConfigurationNamesAreMarkup() throws IOException {
        for (String key : List.of("'pad_token':'@'", "'unk_token':{'content':'@'}", "'eos_token':'@'",
                "'additional_special_tokens':['@']", "'extra_special_tokens':['@']")) {
            config("{" + key + "}");
            assertThat(open(json -> { }).isControl('@')).as(key).isTrue();
        }
    }

    @Test
    void theConfigurationOfGpt2SaysWhetherASpaceStandsBeforeAText() throws IOException {
        var plain = json("{'type':'ByteLevel','add_prefix_space':false,'use_regex':true}");
        config("{'tokenizer_class':'GPT2TokenizerFast','add_prefix_space':true}");
        int[] spaced = open(json -> json.set("pre_tokenizer", plain)).encode("a", false);
        config("{'tokenizer_class':'PreTrainedTokenizerFast','add_prefix_space':true}");
        int[] unspaced = open(json -> json.set("pre_tokenizer", plain)).encode("a", false);

        assertThat(unspaced).containsExactly('a');
        assertThat(spaced).hasSize(2).endsWith('a');
    }

    @Test
    void addedWordsTakeTheLongestAndTheirWhiteSpace() {
        var tokenizer = open(json -> {
            var added = json.withArray("added_tokens");
            added.addObject().put("id", 257).put("content", "<x>").put("rstrip", true).put("lstrip", true);
            added.addObject().put("id", 258).put("content", "<x><x>");
            added.addObject().put("id", 259).put("content", "word").put("single_word", true);
        });

        assertThat(tokenizer.encode("a <x>\n b", false)).containsExactly('a', 257, 'b');
        assertThat(tokenizer.encode("<x><x><x>", false)).containsExactly(258, 257);
        assertThat(tokenizer.encode("word", false)).containsExactly(259);
        assertThat(tokenizer.encode("words", false)).hasSize(5);
    }

    @Test
    void unigramsTakeTheLikeliestCutAndOneUnknownForARun() {
        var tokenizer = Tokenizers.open(folder, Tokenizers.unigramJson(
                List.of("\u2581", "a", "b", "ab", "\u2581ab"), new double[] {-1, -2, -2, -3, -9}));

        assertThat(tokenizer.encode("ab", false)).containsExactly(1, 4);
        assertThat(tokenizer.encode("a\u4E2D\u6587b", false)).containsExactly(1, 2, 0, 3);
        assertThat(tokenizer.decode(tokenizer.encode("ab ab", false))).isEqualTo("ab ab");
        assertThat(tokenizer.stripsLeadingSpace()).isTrue();
    }

    @Test
    void theFrameComesFromThePostProcessorWhateverTheConfigurationSays() throws IOException {
        var template = json("{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<|end|>'}},"
                + "{'Sequence':{'id':'A'}}],'special_tokens':{'<|end|>':{'id':'<|end|>','ids':[256]}}}");

        assertThat(open(json -> { }).encodePrompt("a")).containsExactly('a');
        assertThat(open(json -> json.set("post_processor", template)).encodePrompt("a")).containsExactly(MARKUP, 'a');
        config("{'add_bos_token':false,'bos_token':'<|end|>'}");
        assertThat(open(json -> json.set("post_processor", template)).encodePrompt("a")).containsExactly(MARKUP, 'a');
        config("{'add_bos_token':true,'bos_token':{'content':'<|end|>'},'add_eos_token':true,'eos_token':'<|end|>'}");
        assertThat(open(json -> { }).encodePrompt("a")).containsExactly('a');
        config("{'tokenizer_class':'GPTNeoXTokenizerFast'}");
        assertThat(open(json -> json.set("post_processor", template)).encodePrompt("a")).containsExactly('a');
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "normalizer={'type':'BertNormalizer'}", "normalizer={'type':'Precompiled','precompiled_charsmap':'AAAA'}",
        "normalizer={}", "pre_tokenizer={'type':'BertPreTokenizer'}", "pre_tokenizer={'type':'Split'}",
        "pre_tokenizer={'type':'Split','pattern':{'Regex':'(a'}}", "pre_tokenizer={'type':'UnicodeScripts'}",
        "pre_tokenizer={'type':'Split','pattern':{'String':'x'},'behavior':'Odd'}",
        "pre_tokenizer={'type':'Metaspace','replacement':'ab'}", "decoder=null", "decoder={'type':'WordPiece'}",
        "decoder={'type':'Replace','pattern':{'String':'x'},'content':'y'}",
        "decoder={'type':'Strip','content':'x','start':1,'stop':0}", "post_processor={'type':'BertProcessing'}",
        "model={'type':'WordPiece','vocab':{'a':0}}", "model={'type':'BPE','vocab':{'a':-1},'merges':[]}",
        "model={'type':'BPE','vocab':{'a':0,'b':0},'merges':[]}",
        "model={'type':'BPE','vocab':{'a':99999999},'merges':[]}",
        "model={'type':'BPE','vocab':{'a':0},'merges':['a b']}", "model={'type':'BPE','vocab':{'a':0},'merges':['a']}",
        "model={'type':'BPE','vocab':{'a':0},'merges':[['a']]}",
        "model={'type':'BPE','vocab':{'a':0},'merges':[],'dropout':0.1}", "model={'type':'BPE','vocab':{'a':'x'}}",
        "model={'type':'BPE','vocab':{'a':0},'merges':[],'unk_token':'u'}",
        "model={'type':'BPE','vocab':{'a':0},'merges':[],'end_of_word_suffix':'</w>'}",
        "model={'type':'Unigram','vocab':[['a']]}", "model={'type':'Unigram','vocab':[['a',1e999]]}",
        "model={'type':'Unigram','vocab':[['a',1]],'unk_id':700}", "added_tokens=[{'content':'x'}]",
        "added_tokens=[{'id':1,'content':''}]", "added_tokens=[{'id':300,'content':'x'},{'id':301,'content':'x'}]",
        "added_tokens=[{'id':300,'content':'x'},{'id':300,'content':'y'}]"
    })
    void whatCannotBeUsedIsRefusedInASentence(String change) {
        String key = change.substring(0, change.indexOf('='));
        var value = json(change.substring(key.length() + 1));

        assertThatThrownBy(() -> open(json -> json.set(key, value)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(folder.resolve("tokenizer.json").toString())
                .message()
                .hasSizeGreaterThan(40 + folder.toString().length());
    }

    @Test
    void aFileThatIsNoJsonSaysWhere() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{\n\"model\": {\"vocab\": {\"a\": 1, \"a\": 2}}}");

        assertThatThrownBy(() -> TokenizerLoader.fromHuggingFace(folder))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("line 2");
    }

    @Test
    void aFolderWithAnotherKindOfTokenizerSaysWhatToDo() throws IOException {
        assertThat(TokenizerLoader.fromHuggingFace(folder)).isNull();
        Files.writeString(folder.resolve("spiece.model"), "x");

        assertThatThrownBy(() -> TokenizerLoader.fromHuggingFace(folder)).hasMessageContaining("as tokenizer.json");
    }

    /// A tokenizer with one token for each byte, in the order of their values, that does not split texts; token 256 is
    /// markup.
    private Tokenizer open(Consumer<ObjectNode> change) {
        var json = Tokenizers.byteLevelJson(List.of());
        json.set("pre_tokenizer", json("{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}"));
        change.accept(json);
        return Tokenizers.open(folder, json);
    }

    private void config(String text) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), text.replace('\'', '"'));
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }
}
