package dev.flover.app.batch.files;

/// The number of failed lines at which a job stops: `N`, or `N%` of the lines of the input.
public record ErrorLimit(String text, double number, boolean percent) {

    /// @throws IllegalArgumentException if the text is neither a whole number nor a percentage
    public static ErrorLimit parse(String text) {
        boolean percent = text.endsWith("%");
        try {
            double number = percent ? Double.parseDouble(text.substring(0, text.length() - 1)) : Long.parseLong(text);
            if (number >= 0 && !(percent && number > 100)) {
                return new ErrorLimit(text, number, percent);
            }
        } catch (NumberFormatException e) {
            throw wrong(text);
        }
        throw wrong(text);
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException("--max-errors must be a number of lines such as 100, or a percentage such "
                + "as 5%, was " + text);
    }

    public boolean isExceeded(long failed, long lines) {
        return failed > (percent ? lines * number / 100 : number);
    }
}
