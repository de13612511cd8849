package dev.flover.app.batch.files;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.CommandException;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The state of a job at one moment, in a file beside the answers. It is replaced as a whole, so that a reader finds
/// either the old or the new state, also after a power failure.
///
/// @param startedMs   when the job began, ms since 1970
/// @param topic       the results topic
/// @param answerBytes length of the file of answers; what lies behind it was written later and is cut off
/// @param errorBytes  length of the file of errors
/// @param offsets     by partition of the results topic, the offset at which reading goes on
/// @param done        bit N is set if the outcome of line N has been written
/// @param finished    whether all lines are done
@RecordBuilder
public record JobProgress(
        @JsonProperty("format") int format,
        @JsonProperty("job") String job,
        @JsonProperty("started_ms") long startedMs,
        @JsonProperty("topic") String topic,
        @JsonProperty("answer_bytes") long answerBytes,
        @JsonProperty("error_bytes") long errorBytes,
        @JsonProperty("offsets") Map<Integer, Long> offsets,
        @JsonProperty("done") byte[] done,
        @JsonProperty("tally") Tally tally,
        @JsonProperty("finished") boolean finished) implements JobProgressBuilder.With {
    private static final int FORMAT = 1;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public JobProgress {
        offsets = Map.copyOf(offsets);
    }

    public static JobProgress begin(String job, long now, String topic, Map<Integer, Long> offsets) {
        return JobProgressBuilder.builder().format(FORMAT).job(job).startedMs(now).topic(topic).offsets(offsets)
                .done(new byte[0]).tally(Tally.NOTHING).build();
    }

    public JobProgress with(long answers, long errors, Map<Integer, Long> offsets, BitSet done, Tally tally,
            boolean finished) {
        return with(progress -> progress.answerBytes(answers).errorBytes(errors).offsets(offsets)
                .done(done.toByteArray()).tally(tally).finished(finished));
    }

    public BitSet doneLines() {
        return BitSet.valueOf(done);
    }

    /// Reads the state of the job of an input; null if it has not begun.
    ///
    /// @throws CommandException if the files belong to another job
    public static @Nullable JobProgress of(BatchInput input, JobFiles files) {
        var recorded = read(files.progress());
        if (recorded != null && !recorded.job().equals(input.job())) {
            throw new CommandException(files.progress() + " belongs to another job, " + recorded.job() + ": "
                    + input.name() + " has changed since it began, or --model or --tenant has. Give another --out, or "
                    + "the input as it was");
        }
        return recorded;
    }

    /// Reads the state of a job; null if there is none.
    public static @Nullable JobProgress read(Path file) {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            var read = MAPPER.readValue(file.toFile(), JobProgress.class);
            if (read.format != FORMAT || read.job == null || read.done == null || read.tally == null) {
                throw new CommandException(file + " is not the progress of a batch job that this release can read; "
                        + "give another --out, or delete it together with the answers");
            }
            return read;
        } catch (JacksonException e) {
            throw new CommandException(file + " must be the progress of a batch job as `flover batch` wrote it, found "
                    + "something else; give another --out, or delete it together with the answers", e);
        } catch (IOException e) {
            throw new CommandException("cannot read " + file + ": " + CommandException.reason(e), e);
        }
    }

    public void write(Path file) throws IOException {
        Path fresh = JobFiles.beside(file, ".new");
        try (var channel = FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            var bytes = ByteBuffer.wrap(MAPPER.writeValueAsBytes(this));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncFolder(Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file has a folder"));
    }

    /// Makes the renaming durable, on systems whose folders can be opened.
    private static void syncFolder(Path folder) {
        try (var channel = FileChannel.open(folder)) {
            channel.force(true);
        } catch (IOException e) {
            return;      // Windows does not open folders, and needs no such call
        }
    }
}
