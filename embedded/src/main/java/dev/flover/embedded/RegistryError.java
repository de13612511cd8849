package dev.flover.embedded;

/// Thrown for an answer that is an error, with the HTTP status and the error code of Confluent's registry.
final class RegistryError extends Exception {
    private static final int CODES_PER_STATUS = 100;

    private final int code;

    private RegistryError(int code, String message) {
        super(message);
        this.code = code;
    }

    int code() {
        return code;
    }

    /// Returns the HTTP status, which is the first three digits of the error code.
    int status() {
        int status = code;
        while (status >= 10 * CODES_PER_STATUS) {
            status /= CODES_PER_STATUS;
        }
        return status;
    }

    static RegistryError subjectNotFound(String subject) {
        return new RegistryError(40401, "Subject '" + subject + "' not found.");
    }

    static RegistryError versionNotFound(String version) {
        return new RegistryError(40402, "Version " + version + " not found.");
    }

    static RegistryError schemaNotFound() {
        return new RegistryError(40403, "Schema not found");
    }

    static RegistryError schemaIdNotFound(int id) {
        return new RegistryError(40403, "Schema " + id + " not found");
    }

    static RegistryError subjectNotDeletedFirst(String subject) {
        return new RegistryError(40405, "Subject '" + subject + "' was not deleted first before being permanently"
                + " deleted");
    }

    static RegistryError versionNotDeletedFirst(String subject, int version) {
        return new RegistryError(40407, "Subject '" + subject + "' Version " + version + " was not deleted first before"
                + " being permanently deleted");
    }

    static RegistryError noCompatibilityFor(String subject) {
        return new RegistryError(40408, "Subject '" + subject + "' does not have subject-level compatibility"
                + " configured");
    }

    static RegistryError noModeFor(String subject) {
        return new RegistryError(40409, "Subject '" + subject + "' does not have subject-level mode configured");
    }

    static RegistryError resourceNotFound() {
        return new RegistryError(404, "HTTP 404 Not Found");
    }

    static RegistryError methodNotAllowed() {
        return new RegistryError(405, "HTTP 405 Method Not Allowed");
    }

    static RegistryError incompatible(String subject, String differences) {
        return new RegistryError(409, "Schema being registered is incompatible with an earlier schema for subject \""
                + subject + "\", details: [" + differences + "]");
    }

    static RegistryError malformedBody(String found) {
        return new RegistryError(422, "expected a JSON object of this request's fields, found: " + found);
    }

    static RegistryError invalidSchema(String reason) {
        return new RegistryError(42201, "Invalid schema: " + reason);
    }

    static RegistryError invalidVersion(String version) {
        return new RegistryError(42202, "The specified version '" + version + "' is not a valid version id. Allowed"
                + " values are between [1, 2^31-1] and the string \"latest\"");
    }

    static RegistryError invalidCompatibility(String level) {
        return new RegistryError(42203, "Invalid compatibility level '" + level + "'. Valid values are none, backward,"
                + " forward, full, backward_transitive, forward_transitive, and full_transitive");
    }

    static RegistryError invalidMode(String mode) {
        return new RegistryError(42204, "Invalid mode '" + mode + "'. Valid values are READWRITE, READONLY");
    }

    static RegistryError readOnly(String subject) {
        return new RegistryError(42205, "Subject " + subject + " is in read-only mode");
    }
}
