package dev.flover.http.jobs;

import dev.flover.http.topics.TopicAccess;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.BitSet;

/// The output files of a job that has ended, made from the results topic: nothing of it is stored elsewhere.
public final class OutputFiles {
    private final TopicAccess access;
    private final JobsView.Known known;

    /// Receives the bytes of the output, when it is certain that all of it can be had. The stream is closed when it has
    /// all bytes, and not after a failure.
    public interface Sink {
        OutputStream open() throws IOException;
    }

    public OutputFiles(TopicAccess access, JobsView.Known known) {
        this.access = access;
        this.known = known;
    }

    /// Writes the lines of answers, in the same order at every call.
    ///
    /// @throws JobsException if the results topic has deleted some of the results
    public void answers(Sink sink) throws IOException {
        write(sink, false);
    }

    /// Writes the errors of the lines without an answer: first of those that results made, then of those that are no
    /// requests.
    ///
    /// @throws JobsException if the results topic has deleted some of the results
    public void errors(Sink sink) throws IOException {
        write(sink, true);
    }

    private void write(Sink sink, boolean errors) throws IOException {
        var job = known.job();
        try (var results = new ResultsReader(access, job.id() + "-")) {
            requireWhole(results);
            var out = sink.open();
            var form = new AnswerLines(job.id(), job::model);
            var done = new BitSet();
            results.each(job.span().resultsFrom(), known.state().results(), (result, partition, offset) -> {
                int line = Math.toIntExact(form.lineOf(result.getRequestId()));
                if (line > 0 && !done.get(line)) {
                    done.set(line);
                    var outcome = form.outcome(result, partition, offset);
                    if (outcome.failed() == errors) {
                        write(out, outcome.bytes());
                    }
                }
            });
            if (errors) {
                try (var client = new JobsClient(access)) {
                    client.wrongLines(job, error -> write(out, error));
                }
            }
            out.close();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /// If the results topic has deleted records since the job began, this counts the job's results that are left.
    private void requireWhole(ResultsReader results) {
        var from = known.job().span().resultsFrom();
        var counts = known.state().counts();
        if (results.beginnings().entrySet().stream()
                .allMatch(begin -> begin.getValue() <= from.getOrDefault(begin.getKey(), 0L))) {
            return;
        }
        var form = new AnswerLines(known.job().id(), () -> null);
        var left = new BitSet();
        results.each(from, known.state().results(), (result, partition, offset) -> {
            int line = Math.toIntExact(form.lineOf(result.getRequestId()));
            if (line > 0) {
                left.set(line);
            }
        });
        if (left.cardinality() < counts.answered() + counts.failed()) {
            throw JobsException.gone("of the " + (counts.answered() + counts.failed()) + " results of the batch, the "
                    + "results topic has only " + left.cardinality() + " left: its retention has deleted the others");
        }
    }

    private static void write(OutputStream out, byte[] line) {
        try {
            out.write(line);
            out.write('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
