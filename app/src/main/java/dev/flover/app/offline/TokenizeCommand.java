package dev.flover.app.offline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import dev.flover.app.options.ModelFileOption;
import dev.flover.app.options.ModelOption;
import dev.flover.engine.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `tokenize`: prints the token ids of a text, tokenised as a request's prompt is.
@Command(
        name = "tokenize",
        description = "Shows the token ids that a prompt becomes.")
public final class TokenizeCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFileOption model;

    @ArgGroup(multiplicity = "1")
    private Input input;

    @Option(names = "--json", description = "Each input line is a JSON string, each output line {\"ids\": [...]}. "
            + "Otherwise input lines are plain text and ids are separated by spaces.")
    private boolean json;

    @Option(names = "--no-bos",
            description = "Omit the tokens that the model expects around a text, such as the one that begins it.")
    private boolean noBos;

    @Option(names = "--parse-special",
            description = "Read the spelling of a special token (<|eot_id|>) as that token, not as text.")
    private boolean parseSpecial;

    private final ObjectMapper mapper = StrictJson.mapper();

    /// The source of the text: an option, or a file.
    static final class Input {
        @Option(names = "--text", paramLabel = "TEXT", description = "The text.")
        private @Nullable String text;

        @Option(names = "--file", paramLabel = "FILE", description = "One text per line; - is standard input.")
        private @Nullable String file;
    }

    @Override
    public void run() {
        Tokenizer tokenizer = ModelOption.openTokenizer(model.path());
        if (input.text != null) {
            print(encode(tokenizer, input.text));
            return;
        }
        String file = Objects.requireNonNull(input.file, "picocli requires the text or a file");
        try (var lines = InputFile.open(file)) {
            tokenizeLines(tokenizer, lines);
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    private void tokenizeLines(Tokenizer tokenizer, BufferedReader lines) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        int number = 0;
        for (String line = lines.readLine(); line != null && !out.checkError(); line = lines.readLine()) {
            number++;
            if (!json || !line.isBlank()) {
                print(encode(tokenizer, json ? jsonString(line, number) : line));
            }
        }
    }

    private int[] encode(Tokenizer tokenizer, String text) {
        int[] ids = tokenizer.encode(text, parseSpecial);
        return noBos ? ids : tokenizer.framed(ids);
    }

    private String jsonString(String line, int number) {
        try {
            var node = mapper.readTree(line);
            if (!node.isTextual()) {
                throw new CommandException(input.file + ", line " + number + ": expected a JSON string, found "
                        + StrictJson.excerpt(line));
            }
            return node.textValue();
        } catch (JsonProcessingException e) {
            throw new CommandException(input.file + ", line " + number + ": expected a JSON string, found "
                    + StrictJson.excerpt(line), e);
        }
    }

    private void print(int[] ids) {
        var out = spec.commandLine().getOut();
        if (json) {
            out.println(StrictJson.write(mapper, Map.of("ids", ids)));
        } else {
            out.println(Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
        }
    }
}
