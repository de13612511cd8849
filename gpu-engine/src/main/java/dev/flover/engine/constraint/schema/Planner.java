package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.json.ArrayPlan;
import dev.flover.engine.constraint.json.ObjectPlan;
import dev.flover.engine.constraint.json.ValuePlan;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Turns the formula of a whole schema into a plan of its values, and drops all parts that no value can satisfy.
final class Planner {
    private final Expansion expansion;
    private final Function<Regex, Dfa> automata;
    private final boolean spaced;
    private final Map<Formula, Place> places = new HashMap<>();
    private final ArrayDeque<Place> unread = new ArrayDeque<>();

    /// A formula that is reachable from the root, with the alternatives that its value has.
    static final class Place {
        final Formula formula;
        final ValuePlan plan = new ValuePlan();
        @Nullable Dfa scalars;
        List<ObjectDraft> objects = List.of();
        List<ArrayDraft> arrays = List.of();
        boolean productive;

        Place(Formula formula) {
            this.formula = formula;
        }
    }

    private Planner(SchemaDocument document, Function<Regex, Dfa> automata, boolean spaced) {
        this.expansion = new Expansion(document);
        this.automata = automata;
        this.spaced = spaced;
    }

    /// @param automata returns the automaton of a language, and may return the same one for equal expressions
    /// @param spaced   whether white space may stand between JSON tokens
    /// @throws ConstraintException if the schema cannot be used or no value satisfies it
    static ValuePlan plan(SchemaDocument document, Function<Regex, Dfa> automata, boolean spaced) {
        var planner = new Planner(document, automata, spaced);
        var root = planner.place(document.formula(document.root(), document.root().node, ""));
        planner.readAll();
        planner.findProductive();
        if (!root.productive) {
            throw new ConstraintException("json_schema: no value satisfies the schema");
        }
        planner.fillAll();
        return root.plan;
    }

    Place place(Formula formula) {
        var place = places.get(formula);
        if (place == null) {
            place = new Place(formula);
            places.put(formula, place);
            unread.add(place);
        }
        return place;
    }

    Dfa automaton(Regex regex) {
        return automata.apply(regex);
    }

    Expansion expansion() {
        return expansion;
    }

    private void readAll() {
        while (!unread.isEmpty()) {
            read(unread.poll());
        }
    }

    private void read(Place place) {
        var values = expansion.values(place.formula);
        var scalars = Regex.or(List.of(values.strings(), values.numbers(), literals(values.literals())));
        if (!scalars.equals(Regex.NOTHING)) {
            var dfa = automaton(scalars);
            place.scalars = dfa.start() == Dfa.DEAD ? null : dfa;
        }
        var objects = new ArrayList<ObjectDraft>();
        for (var shape : values.objects()) {
            objects.addAll(ObjectDraft.of(shape, this));
        }
        place.objects = objects;
        var arrays = new ArrayList<ArrayDraft>();
        for (var shape : values.arrays()) {
            arrays.add(new ArrayDraft(shape, this));
        }
        place.arrays = arrays;
    }

    private static Regex literals(int literals) {
        var texts = new ArrayList<Regex>();
        if ((literals & Values.NULL) != 0) {
            texts.add(Regex.text("null"));
        }
        if ((literals & Values.FALSE) != 0) {
            texts.add(Regex.text("false"));
        }
        if ((literals & Values.TRUE) != 0) {
            texts.add(Regex.text("true"));
        }
        return Regex.or(texts);
    }

    /// Marks the places that can have a value: repeats until a pass over all places marks no further one.
    private void findProductive() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (var place : places.values()) {
                if (!place.productive && isProductive(place)) {
                    place.productive = true;
                    changed = true;
                }
            }
        }
    }

    private static boolean isProductive(Place place) {
        return place.scalars != null || place.objects.stream().anyMatch(ObjectDraft::isProductive)
                || place.arrays.stream().anyMatch(ArrayDraft::isProductive);
    }

    private void fillAll() {
        for (var place : places.values()) {
            if (place.productive) {
                List<ObjectPlan> objects = place.objects.stream().filter(ObjectDraft::isProductive)
                        .map(draft -> draft.plan(spaced)).toList();
                List<ArrayPlan> arrays = place.arrays.stream().filter(ArrayDraft::isProductive)
                        .map(draft -> draft.plan(spaced)).toList();
                place.plan.fill(place.scalars, objects, arrays);
            }
        }
    }
}
