package dev.flover.app.batch.files;

import java.nio.file.Path;

/// The files of a job.
///
/// @param answers  one line for each answered line of the input
/// @param errors   one line for each line of the input that was not answered
/// @param progress the recorded state of the job, see [JobProgress]
/// @param input    a copy of the input, if that is standard input
public record JobFiles(Path answers, Path errors, Path progress, Path input) {
    public static JobFiles of(Path answers) {
        return new JobFiles(answers, beside(answers, ".errors"), beside(answers, ".progress"),
                beside(answers, ".input"));
    }

    public static Path beside(Path file, String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }
}
