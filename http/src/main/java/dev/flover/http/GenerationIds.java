package dev.flover.http;

import dev.flover.http.access.Grant;
import dev.flover.http.openai.AnswerKind;
import dev.flover.http.openai.ApiError;
import dev.flover.http.topics.Place;
import dev.flover.http.topics.RequestWriter;
import dev.flover.http.topics.TopicBridge;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.regex.Pattern;

/// Makes ids of requests from which any bridge can tell where the answer's tokens begin, without a search.
///
/// `chatcmpl-3-3mz-q1v0a4...` means partition 3 of the tokens topic, at or after offset 3mz (base 36). The random part
/// is drawn again until the id's hash selects that partition.
final class GenerationIds {
    private static final Pattern FORM =
            Pattern.compile("(?:chat)?cmpl-([0-9a-z]{1,4})-([0-9a-z]{1,12})-[0-9a-z]{20,26}");
    private static final int MOST_CHARACTERS = 200;
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._:~-]{1," + MOST_CHARACTERS + "}");
    private static final int BASE = 36;
    private static final int RANDOM_BYTES = 16;

    private final SecureRandom random = new SecureRandom();
    private final TopicBridge topics;

    GenerationIds(TopicBridge topics) {
        this.topics = topics;
    }

    String next(AnswerKind kind, Grant grant) {
        int partitions = topics.partitions();
        int partition = random.nextInt(partitions);
        String begin = kind.idPrefix() + Integer.toString(partition, BASE) + "-"
                + Long.toString(topics.tokensPosition(partition), BASE) + "-";
        while (true) {
            String id = begin + drawn();
            if (RequestWriter.partitionOf(grant.scoped(id), partitions) == partition) {
                return id;
            }
        }
    }

    private String drawn() {
        var bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        String digits = new BigInteger(1, bytes).toString(BASE);
        return "0".repeat(Math.max(0, 20 - digits.length())) + digits;
    }

    /// @throws ApiError if the text is not an id, or no id can be looked up because the cluster does not answer
    static void require(String id, TopicBridge topics) {
        if (!ID.matcher(id).matches()) {
            throw unknown(id);
        }
        if (topics.partitions() == 0) {
            throw ApiError.unavailable("the Kafka cluster does not answer yet; try again");
        }
    }

    static ApiError unknown(String id) {
        return ApiError.notFound("generation_not_found", "there is no generation '"
                + (id.length() <= MOST_CHARACTERS ? id : id.substring(0, MOST_CHARACTERS) + "...")
                + "', or the topics do not keep it any more");
    }

    /// Returns a place at or before the first token of an id; empty if the id has another form.
    static Optional<Place> place(String id) {
        var matcher = FORM.matcher(id);
        return matcher.matches()
                ? Optional.of(new Place(Integer.parseInt(matcher.group(1), BASE),
                        Long.parseLong(matcher.group(2), BASE)))
                : Optional.empty();
    }
}
