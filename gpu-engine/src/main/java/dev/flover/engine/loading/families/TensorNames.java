package dev.flover.engine.loading.families;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The names of tensors in the files of one family, by role.
///
/// @param prefixes tried in order before each name, because the same model is published with and without the name of
///                 its wrapper
/// @param names    the names without `.weight` or `.bias`; `*` stands for the layer and `#` for the expert. `|`
///                 separates alternatives, of which the first that the file contains is used. A name that ends in `!`
///                 is complete and gets no suffix. A role without an entry does not exist in the family
public record TensorNames(List<String> prefixes, Map<TensorRole, String> names) {
    public TensorNames {
        prefixes = List.copyOf(prefixes);
        names = Map.copyOf(names);
    }

    /// @param table a line for each role: the role, then the name of its tensor
    static TensorNames of(List<String> prefixes, String table) {
        var names = new EnumMap<TensorRole, String>(TensorRole.class);
        table.lines().map(line -> line.split(" +")).forEach(line -> names.put(TensorRole.valueOf(line[0]), line[1]));
        return new TensorNames(prefixes, names);
    }

    /// The name of a role; the first one if there are alternatives.
    public Optional<String> name(TensorRole role, int layer) {
        return all(role, layer).stream().findFirst();
    }

    /// The alternative names of a role; empty if the role does not exist.
    public List<String> all(TensorRole role, int layer) {
        String all = names.get(role);
        return all == null ? List.of() : List.of(all.replace("*", Integer.toString(layer)).split("\\|"));
    }

    /// The full name of a weight.
    public static String weight(String name) {
        return name.endsWith("!") ? name.substring(0, name.length() - 1) : name + ".weight";
    }

    public static String bias(String name) {
        return name.endsWith("!") ? name.substring(0, name.length() - 1) + "_bias" : name + ".bias";
    }

    TensorNames with(TensorRole role, String name) {
        var changed = new EnumMap<>(names);
        changed.put(role, name);
        return new TensorNames(prefixes, changed);
    }

    TensorNames without(TensorRole... roles) {
        var changed = new EnumMap<>(names);
        for (var role : roles) {
            changed.remove(role);
        }
        return new TensorNames(prefixes, changed);
    }
}
