package dev.flover.tests.house;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Rules for each line of a source file, whatever its language: length, tabs, blanks, reminders of later work.
final class TextRules {
    private static final int MAX_COLUMNS = 120;
    private static final Pattern LATER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

    private TextRules() {}

    static List<String> violations(SourceFile source) {
        var found = new ArrayList<String>();
        int number = 0;
        for (var line : source.text().split("\n", -1)) {
            number++;
            var place = source.path() + ":" + number + ": ";
            if (line.codePointCount(0, line.length()) > MAX_COLUMNS) {
                found.add(place + "more than " + MAX_COLUMNS + " columns");
            }
            if (line.indexOf('\t') >= 0) {
                found.add(place + "a tab");
            }
            if (!line.isEmpty() && Character.isWhitespace(line.charAt(line.length() - 1))) {
                found.add(place + "a blank at the end of the line");
            }
            if (LATER.matcher(line).find()) {
                found.add(place + "a TO" + "DO: do it or open an issue");
            }
        }
        if (!source.text().endsWith("\n") || source.text().endsWith("\n\n")) {
            found.add(source.path() + ": should end with one line break");
        }
        return found;
    }
}
