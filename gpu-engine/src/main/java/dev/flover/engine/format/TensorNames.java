package dev.flover.engine.format;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a family's files call the tensor of each role.
///
/// @param prefixes tried in turn before each name: the same model is published with and without its wrapper's name
/// @param names    without `.weight` or `.bias`; `*` stands for the layer. A role that is absent does not exist
record TensorNames(List<String> prefixes, Map<TensorRole, String> names) {
    TensorNames {
        prefixes = List.copyOf(prefixes);
        names = Map.copyOf(names);
    }

    static TensorNames of(Map<TensorRole, String> names) {
        return new TensorNames(List.of(""), names);
    }

    Optional<String> name(TensorRole role, int layer) {
        return Optional.ofNullable(names.get(role)).map(name -> name.replace("*", Integer.toString(layer)));
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
