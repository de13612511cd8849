package dev.flover.app.doctor;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The result of one check.
///
/// @param check   the name of the check
/// @param verdict whether a pipeline would run
/// @param found   the state that was found, in one sentence
/// @param mend    the remedy; null if nothing has to be done
@JsonInclude(JsonInclude.Include.NON_NULL)
record Finding(
        @JsonProperty("check") String check, @JsonProperty("verdict") Verdict verdict,
        @JsonProperty("found") String found, @JsonProperty("mend") @Nullable String mend) {

    enum Verdict {
        OK,
        /// The pipeline runs, but something should be changed.
        WARN,
        /// The pipeline would not start, or would not answer.
        FAIL;

        @JsonValue
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Finding ok(String check, String found) {
        return new Finding(check, Verdict.OK, found, null);
    }

    static Finding warn(String check, String found, String mend) {
        return new Finding(check, Verdict.WARN, found, mend);
    }

    static Finding fail(String check, String found, String mend) {
        return new Finding(check, Verdict.FAIL, found, mend);
    }
}
