package dev.flover.engine.loading;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a family's files call the tensor of each role.
///
/// @param prefixes tried in turn before each name: the same model is published with and without its wrapper's name
/// @param names    without `.weight` or `.bias`; `*` stands for the layer, `#` for the expert, and `|` parts names of
///                 which the first that the file has counts. A name that ends in `!` is whole. A role that is absent
///                 does not exist
record TensorNames(List<String> prefixes, Map<TensorRole, String> names) {
    TensorNames {
        prefixes = List.copyOf(prefixes);
        names = Map.copyOf(names);
    }

    static TensorNames of(Map<TensorRole, String> names) {
        return new TensorNames(List.of(""), names);
    }

    /// Of several names, the first.
    Optional<String> name(TensorRole role, int layer) {
        return all(role, layer).stream().findFirst();
    }

    /// None where the role does not exist.
    List<String> all(TensorRole role, int layer) {
        String all = names.get(role);
        return all == null ? List.of() : List.of(all.replace("*", Integer.toString(layer)).split("\\|"));
    }

    /// What a file calls the weight of this name.
    static String weight(String name) {
        return name.endsWith("!") ? name.substring(0, name.length() - 1) : name + ".weight";
    }

    static String bias(String name) {
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
