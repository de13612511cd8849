package dev.flover.topology.streams;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;

/// The stream threads of a process, by the numbers from 1 on that Kafka Streams gives them: they are in the names of
/// the threads and in the ids of the threads' clients, as in `flover-StreamThread-2-consumer`.
public final class StreamThreads {
    private static final Pattern NAME = Pattern.compile(".*-StreamThread-(\\d+)(-.*)?");

    private StreamThreads() {}

    /// The object of the calling stream thread; the only one, where a process has one stream thread.
    ///
    /// @param objects one for each stream thread, in the order of their numbers
    public static <T> T own(List<T> objects) {
        return named(Thread.currentThread().getName(), objects);
    }

    /// The object of the stream thread to which a client of Kafka Streams belongs.
    ///
    /// @param config  the client's configuration, with its id
    /// @param objects one for each stream thread, in the order of their numbers
    static <T> T owner(Map<String, Object> config, List<T> objects) {
        return named(String.valueOf(config.get(CommonClientConfigs.CLIENT_ID_CONFIG)), objects);
    }

    static <T> T named(String name, List<T> objects) {
        if (objects.size() == 1) {
            return objects.getFirst();
        }
        var number = NAME.matcher(name);
        if (!number.matches()) {
            throw new IllegalStateException("expected the name of one of " + objects.size()
                    + " stream threads of Kafka Streams, found " + name);
        }
        return objects.get(Integer.parseInt(number.group(1)) - 1);
    }
}
