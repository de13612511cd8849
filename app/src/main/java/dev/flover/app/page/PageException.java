package dev.flover.app.page;

/// A request to the page that cannot be answered, with the sentence that the page shows.
final class PageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;

    /// @param status the HTTP status
    PageException(int status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /// @param status the HTTP status
    PageException(int status, String message) {
        super(message);
        this.status = status;
    }

    static PageException badRequest(String message) {
        return new PageException(400, message);
    }

    int status() {
        return status;
    }
}
