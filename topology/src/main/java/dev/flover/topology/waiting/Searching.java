package dev.flover.topology.waiting;

import dev.flover.topology.results.StoredResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;

/// Keeps the requests of one partition while the stored answer to an equal request is searched for. A request for
/// which none is found enters the waiting room afterwards.
public final class Searching {
    private final List<Search> searches = new ArrayList<>();

    private record Search(Bytes id, Ticket ticket, CompletableFuture<Optional<StoredResult>> found) {}

    /// The outcome of a search: the result of an equal request, or none.
    public record Done(Bytes id, Ticket ticket, Optional<StoredResult> found) {}

    public void begin(Bytes id, Ticket ticket, CompletableFuture<Optional<StoredResult>> found) {
        searches.add(new Search(id, ticket, found));
    }

    /// Takes the requests whose search has ended, in the order in which the searches began. Some of the requests may
    /// have been cancelled meanwhile.
    public List<Done> takeDone() {
        if (searches.isEmpty()) {
            return List.of();
        }
        var done = new ArrayList<Done>();
        searches.removeIf(search -> {
            if (!search.found().isDone()) {
                return false;
            }
            return done.add(new Done(search.id(), search.ticket(), search.found().join()));
        });
        return done;
    }
}
