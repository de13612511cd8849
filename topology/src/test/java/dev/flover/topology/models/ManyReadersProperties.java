package dev.flover.topology.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.ModelOrderKind;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// However late each group reads, and whatever happens to the authors of orders: every record has one owner, and all
/// groups name the same one.
///
/// Time, both topics, groups and authors are simulated, one millisecond a turn. Readers know the models topic as it was
/// some time ago, fall behind, and begin again from an earlier offset. Authors of orders stall, die half-way, and
/// complete orders that other authors left incomplete.
class ManyReadersProperties {
    private static final String TOPIC = "requests";
    private static final int PARTITIONS = 2;
    private static final int TURNS = 60_000;
    private static final List<String> GROUPS = List.of("a", "b", "c");
    private static final List<String> NAMES = List.of("x", "y", "z");

    private final List<ModelOrder> orders = new ArrayList<>();
    private final List<List<String>> requests = List.of(new ArrayList<>(), new ArrayList<>());
    /// For each record, by partition and offset: which owner each group names for it.
    private final TreeMap<String, TreeMap<String, String>> said = new TreeMap<>();
    private long nowMs;
    private Random random;

    private final class Reader {
        final String group;
        final ModelView view = new ModelView("", TOPIC, () -> nowMs * 1_000_000);
        final int[] next = new int[PARTITIONS];
        long lookAt;

        Reader(String group) {
            this.group = group;
        }

        void turn() {
            if (nowMs >= lookAt) {
                long asOf = nowMs - random.nextInt(400);        // read then; the answer took until now
                view.publish(registrationsAsOf(asOf), asOf * 1_000_000);
                lookAt = nowMs + (random.nextInt(10) == 0 ? random.nextInt(8_000) : random.nextInt(1_000));
            }
            for (int partition = 0; partition < PARTITIONS; partition++) {
                if (next[partition] < requests.get(partition).size() && random.nextInt(3) > 0) {
                    read(partition);
                }
            }
            if (random.nextInt(10_000) == 0) {
                next[random.nextInt(PARTITIONS)] /= 2;         // a restart reads records again
            }
        }

        private void read(int partition) {
            int offset = next[partition];
            var assignment = view.at(partition, offset);
            if (assignment != null) {
                said.computeIfAbsent(partition + "@" + offset, place -> new TreeMap<>())
                        .merge(group, String.valueOf(assignment.groupFor(requests.get(partition).get(offset))),
                                (before, now) -> before.equals(now) ? now : before + " and " + now);
                next[partition]++;
            }
        }
    }

    /// The orders that the models topic held at a time in ms. An order is in the topic from the moment at which it is
    /// written.
    private Registrations registrationsAsOf(long ms) {
        var registrations = Registrations.NONE;
        for (int i = 0; i < orders.size() && orders.get(i).getAt() <= ms; i++) {
            registrations = registrations.with(i, orders.get(i));
        }
        return registrations;
    }

    /// An order that is written, and becomes effective after the lease unless its author dies before.
    private record Author(int position, long effectiveAt, boolean dies) {}

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 5, 8, 13})
    void everyRecordHasOneOwnerAndAllGroupsNameTheSame(long seed) {
        random = new Random(seed);
        nowMs = 10_000;
        append(order(ModelOrderKind.REGISTER).setGroup("a").setNames(List.of("x")).setTopicId(TOPIC)
                .setOffsets(List.of(0L, 0L)));
        nowMs += 1_000;
        var readers = GROUPS.stream().map(Reader::new).toList();
        var authors = new ArrayList<Author>();
        for (int turn = 0; turn < TURNS; turn++) {
            nowMs++;
            if (random.nextInt(20) == 0) {
                requests.get(random.nextInt(PARTITIONS)).add(random.nextInt(4) == 0 ? null : pick(NAMES));
            }
            if (random.nextInt(3_000) == 0) {
                long stalls = random.nextInt(5) == 0 ? random.nextInt(6_000) : random.nextInt(100);
                authors.add(new Author(append(anyOrder()),
                        nowMs + ModelView.LEASE.toMillis() + stalls, random.nextInt(4) == 0));
            }
            authors.removeIf(this::complete);
            completeForgotten(authors);
            readers.forEach(Reader::turn);
        }
        for (long end = nowMs + 40_000; nowMs < end; nowMs++) {
            authors.removeIf(this::complete);
            completeForgotten(authors);
            readers.forEach(Reader::turn);
        }
        assertThat(registrationsAsOf(nowMs).eras()).as("orders that held").hasSizeGreaterThan(3);
        assertThat(said).hasSize(requests.get(0).size() + requests.get(1).size());
        said.forEach((place, owners) -> {
            assertThat(owners).as(place).hasSize(GROUPS.size());
            assertThat(owners.values().stream().distinct()).as(place + ": " + owners).hasSize(1);
            assertThat(GROUPS).as(place).contains(owners.firstEntry().getValue());
        });
    }

    private boolean complete(Author author) {
        if (nowMs >= author.effectiveAt() && !author.dies()) {
            appendEffective(author.position());
        }
        return nowMs >= author.effectiveAt();
    }

    private void completeForgotten(List<Author> authors) {
        if (authors.isEmpty() && random.nextInt(2_000) == 0) {
            var now = registrationsAsOf(nowMs);
            if (!now.isSettled()) {
                appendEffective((int) now.waiting().getLast().position());
            }
        }
    }

    private void appendEffective(int through) {
        append(order(ModelOrderKind.EFFECTIVE).setThrough(through).setTopicId(TOPIC)
                .setOffsets(List.of((long) requests.get(0).size(), (long) requests.get(1).size())));
    }

    private ModelOrder.Builder anyOrder() {
        var group = pick(GROUPS);
        return switch (random.nextInt(5)) {
            case 0, 1 -> order(ModelOrderKind.REGISTER).setGroup(group).setNames(List.of(pick(NAMES)))
                    .setDefaultGroup(random.nextInt(3) == 0).setTopicId(TOPIC).setOffsets(List.of(0L, 0L));
            case 2 -> order(ModelOrderKind.GIVE_UP).setGroup(group).setNames(List.of(pick(NAMES)));
            case 3 -> order(ModelOrderKind.GIVE_UP).setGroup(group).setDefaultGroup(true);
            default -> order(ModelOrderKind.HAND_OVER).setGroup(group).setNames(List.of(pick(NAMES)))
                    .setDefaultGroup(random.nextBoolean());
        };
    }

    private int append(ModelOrder.Builder order) {
        orders.add(order.setAt(nowMs).build());
        return orders.size() - 1;
    }

    private static ModelOrder.Builder order(ModelOrderKind kind) {
        return ModelOrder.newBuilder().setKind(kind).setAt(0);
    }

    private String pick(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }
}
