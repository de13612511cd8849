package dev.flover.topology.generation;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.EngineStatusBuilder;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// An engine without a model: it answers a prompt with the bytes after the prompt's first `>`, one token a byte, and
/// then the end of text.
///
/// Where the prompt has the byte `~`, the engine draws from logits that are not numbers; at `^` it breaks. A step is
/// begun by one pump and reported by the next one, so that there is always a step in flight. Scoring a prompt takes one
/// pump for every three of its tokens; the logprob of a token is its position, negated.
final class ScriptedEngine implements TokenEngine {
    static final char NOT_A_NUMBER = '~';
    static final char BREAKS = '^';

    private final int slots;
    private final String arithmetic;
    private final Map<Long, Running> sequences = new LinkedHashMap<>();
    private List<Drawn> inFlight = List.of();
    private long lastSequence;
    private long steps;
    private long rows;

    /// The number of steps that the owner let the engine begin ahead.
    long launchedAhead;

    /// The number of prompts that were scored to their ends.
    int promptsScored;

    private static final class Running {
        final SequenceRequest request;
        int position;
        int scored;

        Running(SequenceRequest request) {
            this.request = request;
            this.scored = Math.min(request.promptLogprobs().from(), request.promptIds().length);
            this.position = request.generatedIds().length;
        }
    }

    private record Drawn(long sequence, int position, int token) {}

    ScriptedEngine(int slots, String arithmetic) {
        this.slots = slots;
        this.arithmetic = arithmetic;
    }

    @Override
    public long admit(SequenceRequest request) {
        sequences.put(++lastSequence, new Running(request));
        return lastSequence;
    }

    @Override
    public void cancel(long sequence) {
        sequences.remove(sequence);
    }

    /// Does nothing: there is no other thread, so that a step ends when the owner pumps.
    @Override
    public void onStepEnd(Runnable wake) {}

    @Override
    public boolean pump(TokenSink sink, int underWay) {
        var ended = inFlight;
        inFlight = new ArrayList<>();
        ended.forEach(drawn -> report(drawn, sink));
        sequences.forEach((id, running) -> {
            if (running.scored < running.request.promptIds().length) {
                score(id, running, sink);
            } else if (inFlight.size() < slots && (running.request.alone() || nobodyAlone())) {
                inFlight.add(new Drawn(id, running.position, draw(running)));
            }
        });
        if (!inFlight.isEmpty()) {
            steps++;
            rows += inFlight.size();
        }
        return !inFlight.isEmpty();
    }

    @Override
    public boolean launch(int underWay) {
        launchedAhead++;
        return !inFlight.isEmpty();
    }

    private void score(long id, Running running, TokenSink sink) {
        int[] prompt = running.request.promptIds();
        for (int i = 0; i < 3 && running.scored < prompt.length; i++, running.scored++) {
            sink.promptToken(id, running.scored, prompt[running.scored], -running.scored, null);
        }
        promptsScored += running.scored == prompt.length ? 1 : 0;
    }

    private boolean nobodyAlone() {
        return sequences.values().stream().noneMatch(running -> running.request.alone());
    }

    private void report(Drawn drawn, TokenSink sink) {
        var running = sequences.get(drawn.sequence);
        if (running == null) {
            return;
        }
        if (drawn.token == NOT_A_NUMBER) {
            sequences.remove(drawn.sequence);
            sink.finished(drawn.sequence, FinishReason.NOT_FINITE);
            return;
        }
        float logprob = running.request.sampling().topLogprobs() < 0 ? Float.NaN : -drawn.position;
        sink.token(drawn.sequence, drawn.position, drawn.token, logprob, null);
        running.position++;
        if (running.request.stopIds().contains(drawn.token)) {
            sequences.remove(drawn.sequence);
            sink.finished(drawn.sequence, FinishReason.STOP);
        } else if (running.position == running.request.maxTokens()) {
            sequences.remove(drawn.sequence);
            sink.finished(drawn.sequence, FinishReason.LENGTH);
        }
    }

    private static int draw(Running running) {
        int[] prompt = running.request.promptIds();
        int begin = 0;
        while (begin < prompt.length && prompt[begin] != '>') {
            begin++;
        }
        int next = begin + 1 + running.position;
        int token = next < prompt.length ? prompt[next] : ByteTokenizer.END_OF_TEXT;
        if (token == BREAKS) {
            throw new EngineException("a kernel failed");
        }
        return token;
    }

    @Override
    public EngineStatus status() {
        return EngineStatusBuilder.builder().steps(steps).rows(rows).tokens(rows).running(sequences.size())
                .build();
    }

    @Override
    public String arithmetic() {
        return arithmetic;
    }

    @Override
    public void close() {
        sequences.clear();
    }
}
