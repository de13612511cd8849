package dev.flover.app.offline;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;

/// Prints answers: for one prompt, its text as it grows; for several, each answer when it and all before it have ended.
final class AnswerReport implements FusedRun.Listener, AutoCloseable {
    private final CommandLine command;
    private final PrintWriter out;
    private final List<Answer> answers;
    private final boolean json;
    private final boolean streaming;
    private final ObjectMapper mapper = StrictJson.mapper();
    private int written;

    /// @param streaming whether there is one answer and its text is printed as it grows
    AnswerReport(CommandLine command, List<Answer> answers, boolean json, boolean streaming) {
        this.command = command;
        this.out = command.getOut();
        this.answers = answers;
        this.json = json;
        this.streaming = streaming && !json;
        if (this.streaming && CommandLine.Help.Ansi.AUTO.enabled()) {
            out.print(command.getColorScheme().commandText(answers.getFirst().prompt()));
            out.flush();
        }
    }

    @Override
    public void text(Answer answer, String piece) {
        if (streaming) {
            out.print(piece);
            out.flush();
        }
    }

    @Override
    public void ended(Answer answer) {
        if (answer.failed()) {
            command.getErr().println("flover: request " + answer.id() + " was ended after "
                    + answer.tokenCount() + " tokens: the model computed logits that are not finite");
        }
        while (!streaming && written < answers.size() && answers.get(written).ended()) {
            write(answers.get(written++));
        }
    }

    private void write(Answer answer) {
        if (json) {
            out.println(StrictJson.write(mapper, answer.line()));
            return;
        }
        out.println(command.getColorScheme().commandText(answer.id()) + " (" + answer.finishReason() + ", "
                + answer.tokenCount() + " tokens)");
        out.println(answer.text());
        var calls = answer.toolCalls();
        if (calls != null) {
            calls.forEach(call -> out.println(call.words()));
        }
        writeLogprobs(answer);
        out.println();
    }

    private void writeLogprobs(Answer answer) {
        answer.logprobs().forEach(token -> out.println(token.words()));
    }

    @Override
    public void close() {
        if (streaming) {
            out.println();
            answers.forEach(this::writeLogprobs);
        }
        out.flush();
    }
}
