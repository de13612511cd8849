package dev.flover.app.options;

import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Replaces the names of a record's components in an error message ("topP must be in (0, 1], was 3.0") by the names
/// that the user wrote.
public final class FieldNames {
    private static final Pattern FIELD = Pattern.compile("^[a-z][A-Za-z]*|\\b[a-z]+(?:[A-Z][a-z]*)+\\b");
    private static final Pattern HUMP = Pattern.compile("[A-Z]");

    private FieldNames() {}

    /// Replaces the names in an error message by names of options, as in `--top-p must be in (0, 1], was 3.0`.
    public static String asOptions(String complaint) {
        return FIELD.matcher(complaint).replaceAll(field -> "--" + lower(field, "-"));
    }

    /// Replaces the names in an error message by names of JSON fields, as in `top_p must be in (0, 1], was 3.0`.
    public static String asJson(String complaint) {
        return FIELD.matcher(complaint).replaceAll(field -> lower(field, "_"));
    }

    private static String lower(MatchResult field, String separator) {
        return HUMP.matcher(field.group()).replaceAll(hump -> separator + hump.group().toLowerCase(Locale.ROOT));
    }
}
