package dev.flover.topology.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.ModelOrderKind;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RegistrationsTest {
    private static final String TOPIC = "first";

    private Registrations registrations = Registrations.NONE;
    private long position;

    @BeforeAll
    static void trust() {
        TrustedRecords.trust();
    }

    @Test
    void theFirstGroupIsTheDefaultAndHoldsFromWhereItBegins() {
        give(register("a", false, 5L, 7L, "x"));
        assertThat(registrations.isSettled()).isTrue();
        assertThat(owner(0, 4, null)).isNull();
        assertThat(owner(0, 5, null)).isEqualTo("a");
        assertThat(owner(1, 6, "x")).isNull();
        assertThat(owner(1, 7, "x")).isEqualTo("a");
        assertThat(owner(1, 7, "unknown")).isEqualTo("a");
        assertThat(owner(2, 0, "x")).as("a partition that was added since").isEqualTo("a");
    }

    @Test
    void anotherGroupHoldsFromTheOffsetsThatWereReadAfterItsLease() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("b", false, 0L, 0L, "y", "z"));
        assertThat(registrations.isSettled()).isFalse();
        give(effective(TOPIC, 1, 10L, 20L));
        assertThat(registrations.isSettled()).isTrue();
        assertThat(owner(0, 9, "y")).as("nobody had registered it").isEqualTo("a");
        assertThat(owner(0, 10, "y")).isEqualTo("b");
        assertThat(owner(1, 19, "z")).isEqualTo("a");
        assertThat(owner(1, 20, "z")).isEqualTo("b");
        assertThat(owner(1, 20, "x")).isEqualTo("a");
        assertThat(owner(1, 20, null)).isEqualTo("a");
        give(effective(TOPIC, 1, 90L, 90L));
        assertThat(owner(0, 10, "y")).as("the first one counts").isEqualTo("b");
    }

    @Test
    void itIsKnownWhoAnsweredBeforeAndUpToWhere() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("b", false, 0L, 0L, "y"));
        give(effective(TOPIC, 1, 10L, 20L));
        give(order(ModelOrderKind.HAND_OVER).setGroup("b").setNames(List.of("x")).build());
        give(effective(TOPIC, 3, 30L, 40L));
        assertThat(registrations.answeredBefore(TOPIC, 1, "x", "b")).containsOnly(Map.entry("a", 40L));
        assertThat(registrations.answeredBefore(TOPIC, 0, "y", "b")).as("rejected by the default group")
                .containsOnly(Map.entry("a", 10L));
        assertThat(registrations.answeredBefore("another", 0, "x", "b")).isEmpty();
        assertThat(registrations.answeredBefore(TOPIC, 0, null, "a")).isEmpty();
        give(order(ModelOrderKind.HAND_OVER).setGroup("b").setDefaultGroup(true).build());
        give(effective(TOPIC, 5, 50L, 50L));
        give(order(ModelOrderKind.REMOVE).setGroup("a").build());
        give(effective(TOPIC, 7, 60L, 60L));
        assertThat(registrations.answeredBefore(TOPIC, 1, "x", "b")).as("it is removed").isEmpty();
    }

    @Test
    void aTakenNameIsRefusedAndTheRefusalSaysWhoseItIs() {
        give(register("a", false, 0L, 0L, "x"));
        var order = register("b", false, 0L, 0L, "y", "x");
        assertThat(registrations.refusal(order).orElseThrow()).contains("'x' belongs to the group 'a'");
        give(order);
        assertThat(registrations.isSettled()).isTrue();
        assertThat(registrations.latest().serves("y")).isFalse();
        assertThat(registrations.refusal(register("b", true, 0L, 0L, "y")).orElseThrow())
                .contains("the default group is 'a'");
    }

    @Test
    void aNameCountsAsTakenBeforeItsRegistrationHolds() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("b", false, 0L, 0L, "y"));
        assertThat(registrations.refusal(register("c", false, 0L, 0L, "y")).orElseThrow()).contains("'b'");
    }

    @Test
    void theDefaultGroupGoesOnUntilAnotherOneTakesItsPlace() {
        give(register("a", false, 0L, 0L, "x"));
        give(order(ModelOrderKind.GIVE_UP).setGroup("a").setDefaultGroup(true).build());
        give(effective(TOPIC, 1, 5L, 5L));
        assertThat(owner(0, 100, null)).isEqualTo("a");
        give(register("b", true, 0L, 0L, "y"));
        give(effective(TOPIC, 3, 200L, 200L));
        assertThat(owner(0, 199, null)).isEqualTo("a");
        assertThat(owner(0, 200, null)).isEqualTo("b");
        assertThat(registrations.refusal(register("c", true, 0L, 0L, "z"))).isPresent();
    }

    @Test
    void aNameThatWasGivenUpOrHandedOverChangesHandsAtAnOffset() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("b", false, 0L, 0L, "y"));
        give(effective(TOPIC, 1, 10L, 10L));
        give(order(ModelOrderKind.HAND_OVER).setGroup("b").setNames(List.of("x")).build());
        give(effective(TOPIC, 3, 20L, 20L));
        give(order(ModelOrderKind.GIVE_UP).setGroup("b").setNames(List.of("x")).build());
        give(effective(TOPIC, 5, 30L, 30L));
        assertThat(owner(0, 19, "x")).isEqualTo("a");
        assertThat(owner(0, 20, "x")).isEqualTo("b");
        assertThat(owner(0, 30, "x")).as("rejected by the default group").isEqualTo("a");
        assertThat(registrations.latest().serves("x")).isFalse();
        assertThat(registrations.refusal(order(ModelOrderKind.GIVE_UP).setGroup("b").setNames(List.of("x")).build()))
                .isPresent();
    }

    @Test
    void aGroupIsRemovedUnlessItIsTheDefaultOfOthers() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("b", false, 0L, 0L, "y"));
        give(effective(TOPIC, 1, 10L, 10L));
        assertThat(registrations.refusal(order(ModelOrderKind.REMOVE).setGroup("a").build()).orElseThrow())
                .contains("hand-over --default");
        give(order(ModelOrderKind.REMOVE).setGroup("b").build());
        give(effective(TOPIC, 3, 20L, 20L));
        assertThat(owner(0, 20, "y")).isEqualTo("a");
        give(order(ModelOrderKind.REMOVE).setGroup("a").build());
        give(effective(TOPIC, 5, 30L, 30L));
        assertThat(owner(0, 30, null)).isNull();
        give(register("c", false, 0L, 40L, "z"));
        assertThat(owner(0, 29, null)).as("what was another's stays another's").isEqualTo("a");
        assertThat(owner(0, 30, null)).isEqualTo("c");
        assertThat(owner(1, 39, null)).isNull();
    }

    @Test
    void ordersThatOvertakeEachOtherHoldInTheirOrder() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("b", false, 0L, 0L, "y"));
        give(register("c", false, 0L, 0L, "z"));
        give(effective(TOPIC, 1, 30L, 30L));
        assertThat(registrations.isSettled()).isFalse();
        give(effective(TOPIC, 2, 20L, 40L));      // the author read the offsets before
        assertThat(owner(0, 29, "z")).isEqualTo("a");
        assertThat(owner(0, 30, "z")).isEqualTo("c");
        assertThat(owner(0, 30, "y")).isEqualTo("b");
        assertThat(owner(1, 39, "z")).isEqualTo("a");
    }

    @Test
    void inATopicThatWasCreatedAnewAllHoldsFromItsBeginning() {
        give(register("a", false, 100L, 100L, "x"));
        give(register("b", false, 0L, 0L, "y"));
        give(effective(TOPIC, 1, 200L, 200L));
        assertThat(registrations.at("second", 0, 0).groupFor("y")).isEqualTo("b");
        give(order(ModelOrderKind.GIVE_UP).setGroup("b").setNames(List.of("y")).build());
        give(effective("second", 3, 5L, 5L));
        assertThat(registrations.at("second", 0, 4).groupFor("y")).isEqualTo("b");
        assertThat(registrations.at("second", 0, 5).groupFor("y")).isEqualTo("a");
    }

    @Test
    void whatChangesNothingNeedsNoLease() {
        give(register("a", false, 0L, 0L, "x"));
        give(register("a", false, 9L, 9L, "x"));
        assertThat(registrations.isSettled()).isTrue();
        assertThat(registrations.eras()).hasSize(1);
        assertThat(registrations.starts().get("a").offsets()).containsExactly(0L, 0L);
        give(register("a", false, 9L, 9L, "x", "alias"));
        assertThat(registrations.isSettled()).as("another instance of it may run").isFalse();
    }

    private String owner(int partition, long offset, String model) {
        return registrations.at(TOPIC, partition, offset).groupFor(model);
    }

    private void give(ModelOrder order) {
        registrations = registrations.with(position++, order);
    }

    private static ModelOrder register(String group, boolean isDefault, long first, long second, String... names) {
        return order(ModelOrderKind.REGISTER).setGroup(group).setNames(List.of(names)).setDefaultGroup(isDefault)
                .setTopicId(TOPIC).setOffsets(List.of(first, second)).build();
    }

    private static ModelOrder effective(String topicId, long through, long first, long second) {
        return order(ModelOrderKind.EFFECTIVE).setThrough(through).setTopicId(topicId)
                .setOffsets(List.of(first, second)).build();
    }

    private static ModelOrder.Builder order(ModelOrderKind kind) {
        return ModelOrder.newBuilder().setKind(kind).setAt(0);
    }
}
