package dev.flover.app.batch.files;

import dev.flover.app.options.CommandException;
import dev.flover.http.jobs.Outcome;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// The two output files of a job, which one process writes at a time.
///
/// Both files are forced to the disk before their lengths are recorded as progress. When a job goes on, both are cut to
/// the recorded lengths.
public final class JobOutput implements AutoCloseable {
    private final JobFiles files;
    private final Growing answers;
    private final Growing errors;

    /// A file that grows at its end.
    private static final class Growing implements AutoCloseable {
        private final Path path;
        private final FileChannel channel;
        private final OutputStream out;
        private long length;

        Growing(Path path, long length) {
            this.path = path;
            this.length = length;
            try {
                channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                if (channel.tryLock() == null) {
                    channel.close();
                    throw new CommandException("another process writes " + path + "; wait for its end, or give another "
                            + "--out");
                }
                if (channel.size() < length) {
                    long found = channel.size();
                    channel.close();
                    throw new CommandException(path + " must have at least the " + length + " bytes that the job has "
                            + "recorded, found " + found + "; it was changed. Delete it and its .progress file to "
                            + "begin again: lines that were answered before are not computed again");
                }
                channel.truncate(length);
                channel.position(length);
            } catch (IOException e) {
                throw unwritable(e);
            }
            out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        }

        void write(byte[] line) {
            try {
                out.write(line);
                out.write('\n');
                length += line.length + 1;
            } catch (IOException e) {
                throw unwritable(e);
            }
        }

        void force() {
            try {
                out.flush();
                channel.force(true);
            } catch (IOException e) {
                throw unwritable(e);
            }
        }

        private CommandException unwritable(IOException e) {
            return new CommandException("cannot write " + path + ": " + CommandException.reason(e)
                    + "; the job goes on where it was when the same command runs again", e);
        }

        /// Closes the file. Buffered lines are discarded: the recorded progress does not include them.
        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /// Opens the files of a job that begins or goes on.
    ///
    /// @param recorded null if the job begins
    public JobOutput(JobFiles files, @Nullable JobProgress recorded) {
        this.files = files;
        if (recorded == null) {
            requireNew(files.answers());
            requireNew(files.errors());
        }
        answers = new Growing(files.answers(), recorded == null ? 0 : recorded.answerBytes());
        errors = new Growing(files.errors(), recorded == null ? 0 : recorded.errorBytes());
    }

    private static void requireNew(Path file) {
        try {
            if (Files.isDirectory(file)) {
                throw new CommandException("--out must be a file, found the folder " + file);
            }
            if (Files.exists(file) && Files.size(file) > 0) {
                throw new CommandException(file + " exists and is not the output of a batch job; give another --out, "
                        + "or delete it");
            }
        } catch (IOException e) {
            throw new CommandException("cannot read " + file + ": " + CommandException.reason(e), e);
        }
    }

    public void write(Outcome outcome) {
        (outcome.failed() ? errors : answers).write(outcome.bytes());
    }

    public long answerBytes() {
        return answers.length;
    }

    public long errorBytes() {
        return errors.length;
    }

    /// Makes all written lines durable, and then records the progress that includes them.
    public void record(JobProgress progress) {
        answers.force();
        errors.force();
        try {
            progress.write(files.progress());
        } catch (IOException e) {
            throw new CommandException("cannot write " + files.progress() + ": " + CommandException.reason(e)
                    + "; the job goes on where it was when the same command runs again", e);
        }
    }

    @Override
    public void close() {
        try (answers; errors) {
            return;
        } catch (IOException e) {
            throw new CommandException("cannot close " + files.answers() + ": " + CommandException.reason(e), e);
        }
    }
}
