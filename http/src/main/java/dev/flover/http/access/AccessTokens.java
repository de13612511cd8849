package dev.flover.http.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The file of allowed tokens. Each line begins with the SHA-256 of a token in hexadecimal digits:
///
/// ```
/// # printf %s "$TOKEN" | sha256sum
/// 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 tenant=acme priority=10 models=novelist,poet
/// ```
///
/// The file is read again when it has changed. If its new content cannot be used, the previous content stays in force.
public final class AccessTokens {
    private static final Logger LOG = LoggerFactory.getLogger(AccessTokens.class);
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final int LEAST_PRIORITY = -100;
    private static final long LOOK_NANOS = 1_000_000_000;

    private final Path file;
    private Map<String, Grant> grants;
    private FileTime changed;
    private long looked = System.nanoTime();

    private AccessTokens(Path file) throws IOException {
        this.file = file;
        changed = Files.getLastModifiedTime(file);
        grants = read(file);
    }

    /// @throws TokenFileException if the file cannot be read, or has a wrong line
    public static AccessTokens open(Path file) {
        try {
            return new AccessTokens(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static TokenFileException unreadable(Path file, IOException e) {
        return new TokenFileException("the file of tokens " + file + " cannot be read: " + e.getMessage(), e);
    }

    private static Map<String, Grant> read(Path file) throws IOException {
        var grants = new HashMap<String, Grant>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            String text = line.strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                String[] words = text.split("\\s+");
                String place = file + ":" + number + ": ";
                if (!DIGEST.matcher(words[0]).matches()) {
                    throw new TokenFileException(place + "a line must begin with the SHA-256 of a token, 64 digits in "
                            + "0-9a-f; printf %s TOKEN | sha256sum prints it", null);
                }
                if (grants.put(words[0], grant(words, place)) != null) {
                    throw new TokenFileException(place + "the token is given twice", null);
                }
            }
        }
        return Map.copyOf(grants);
    }

    private static Grant grant(String[] words, String place) {
        String tenant = null;
        int priority = 0;
        Set<String> models = Set.of();
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            String value = words[i].substring(equals + 1);
            switch (equals < 0 ? "" : words[i].substring(0, equals)) {
                case "tenant" -> tenant = value;
                case "priority" -> priority = priority(value, place);
                case "models" -> models = Set.of(value.split(","));
                default -> throw new TokenFileException(place + "expected tenant=, priority= or models=, found "
                        + words[i], null);
            }
        }
        if (tenant == null || !TENANT.matcher(tenant).matches()) {
            throw new TokenFileException(place + "tenant= must be 1 to 64 of letters, digits, ., _ and -, was "
                    + (tenant == null ? "missing" : tenant), null);
        }
        return new Grant(tenant, priority, models);
    }

    private static int priority(String value, String place) {
        try {
            int priority = Integer.parseInt(value);
            if (priority >= LEAST_PRIORITY && priority <= Grant.MOST_PRIORITY) {
                return priority;
            }
        } catch (NumberFormatException e) {
            // the exception below explains
        }
        throw new TokenFileException(place + "priority= must be a whole number in [-100, 100], was " + value, null);
    }

    /// Returns the rights of a token; empty if the file does not contain it.
    public synchronized Optional<Grant> grant(String token) {
        lookAgain();
        return Optional.ofNullable(grants.get(digest(token)));
    }

    private void lookAgain() {
        if (System.nanoTime() - looked < LOOK_NANOS) {
            return;
        }
        looked = System.nanoTime();
        try {
            var now = Files.getLastModifiedTime(file);
            if (!now.equals(changed)) {
                changed = now;
                grants = read(file);
            }
        } catch (IOException e) {
            LOG.warn("{}; the tokens that were read before stay valid", unreadable(file, e).getMessage());
        } catch (TokenFileException e) {
            LOG.warn("{}; the tokens that were read before stay valid", e.getMessage());
        }
    }

    static String digest(String token) {
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
