package dev.flover.schemas.models;

import dev.flover.schemas.ModelOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which group answers which requests, from one point of the requests topic to the next. Immutable.
///
/// @param groups         application ids of the registered groups, in the order in which they registered
/// @param owners         from the name of a model to the group that answers requests for it
/// @param defaultGroup   the group that answers requests that name no model or one that no group has registered, and
///                       that writes dead letters; null where no group is registered
/// @param defaultOffered whether the default group has given up that role; it keeps the role until another group takes
///                       it
public record Assignment(
        List<String> groups, Map<String, String> owners, @Nullable String defaultGroup, boolean defaultOffered) {
    /// The assignment where no group is registered.
    public static final Assignment NONE = new Assignment(List.of(), Map.of(), null, false);

    public Assignment {
        groups = List.copyOf(groups);
        owners = Map.copyOf(owners);
    }

    /// The group that answers a request for a model; null where no group is registered.
    ///
    /// @param model null where the request names none
    public @Nullable String groupFor(@Nullable String model) {
        return model == null ? defaultGroup : owners.getOrDefault(model, defaultGroup);
    }

    /// Whether some group has registered a model's name.
    public boolean serves(String model) {
        return owners.containsKey(model);
    }

    /// The model names that a group has registered, in alphabetical order.
    public List<String> namesOf(String group) {
        return owners.entrySet().stream()
                .filter(entry -> entry.getValue().equals(group)).map(Map.Entry::getKey).sorted().toList();
    }

    /// The reason why an order is refused; empty where it is accepted.
    public Optional<String> refusal(ModelOrder order) {
        return switch (order.getKind()) {
            case REGISTER -> refusalToRegister(order);
            case GIVE_UP -> refusalToGiveUp(order);
            case HAND_OVER -> refusalToHandOver(order);
            case REMOVE -> refusalToRemove(order);
            case EFFECTIVE -> Optional.empty();
        };
    }

    private Optional<String> refusalToRegister(ModelOrder order) {
        for (String name : order.getNames()) {
            String owner = owners.get(name);
            if (owner != null && !owner.equals(order.getGroup())) {
                return Optional.of("the model name '" + name + "' belongs to the group '" + owner + "'; choose another "
                        + "name, or release it with `flover models give-up " + name + " --group " + owner + "`");
            }
        }
        boolean taken = defaultGroup != null && !defaultOffered && !defaultGroup.equals(order.getGroup());
        return order.getDefaultGroup() && taken
                ? Optional.of("the default group is '" + defaultGroup + "'; another takes its place after `flover "
                        + "models give-up --default --group " + defaultGroup + "`")
                : Optional.empty();
    }

    private Optional<String> refusalToGiveUp(ModelOrder order) {
        var notTheirs = order.getNames().stream().filter(name -> !order.getGroup().equals(owners.get(name))).toList();
        if (!notTheirs.isEmpty()) {
            return Optional.of("the group '" + order.getGroup() + "' does not serve " + quoted(notTheirs));
        }
        return order.getDefaultGroup() && !order.getGroup().equals(defaultGroup)
                ? Optional.of("the default group is " + (defaultGroup == null ? "nobody" : "'" + defaultGroup + "'")
                        + ", not '" + order.getGroup() + "'")
                : Optional.empty();
    }

    private Optional<String> refusalToHandOver(ModelOrder order) {
        if (!groups.contains(order.getGroup())) {
            return Optional.of("there is no group '" + order.getGroup() + "'; registered are " + quoted(groups)
                    + "; others register at their first start");
        }
        var unknown = order.getNames().stream().filter(name -> !owners.containsKey(name)).toList();
        return unknown.isEmpty()
                ? Optional.empty()
                : Optional.of("no group serves " + quoted(unknown) + ", so that there is nothing to hand over");
    }

    private Optional<String> refusalToRemove(ModelOrder order) {
        if (!groups.contains(order.getGroup())) {
            return Optional.of("there is no group '" + order.getGroup() + "'; registered are " + quoted(groups));
        }
        return order.getGroup().equals(defaultGroup) && groups.size() > 1
                ? Optional.of("'" + defaultGroup + "' is the default group; first choose another with `flover models "
                        + "hand-over --default --to GROUP`")
                : Optional.empty();
    }

    private static String quoted(List<String> names) {
        return names.isEmpty() ? "none" : names.stream().collect(Collectors.joining("', '", "'", "'"));
    }

    /// The assignment after an order that is not refused.
    public Assignment after(ModelOrder order) {
        String group = order.getGroup();
        var all = new ArrayList<>(groups);
        var names = new TreeMap<>(owners);
        return switch (order.getKind()) {
            case REGISTER -> {
                if (!all.contains(group)) {
                    all.add(group);
                }
                order.getNames().forEach(name -> names.put(name, group));
                boolean takesDefault = defaultGroup == null || order.getDefaultGroup();
                yield new Assignment(all, names, takesDefault ? group : defaultGroup, !takesDefault && defaultOffered);
            }
            case GIVE_UP -> {
                names.keySet().removeAll(order.getNames());
                yield new Assignment(all, names, defaultGroup, defaultOffered || order.getDefaultGroup());
            }
            case HAND_OVER -> {
                order.getNames().forEach(name -> names.put(name, group));
                yield new Assignment(all, names, order.getDefaultGroup() ? group : defaultGroup,
                        !order.getDefaultGroup() && defaultOffered);
            }
            case REMOVE -> {
                all.remove(group);
                names.values().removeIf(group::equals);
                yield new Assignment(all, names, all.isEmpty() ? null : defaultGroup,
                        !all.isEmpty() && defaultOffered);
            }
            case EFFECTIVE -> this;
        };
    }
}
