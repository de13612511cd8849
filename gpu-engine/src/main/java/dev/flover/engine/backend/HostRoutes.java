package dev.flover.engine.backend;

import dev.flover.engine.model.ModelConfig.Routing;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The experts that each row of a step is routed to, for backends that compute in host memory.
///
/// A place is a pair of a row and one of the experts that the row chose. Places are numbered expert by expert, so that
/// an expert's weights are read once for all of its rows:
///
/// ```
///   row of place     0  2  3 | 1  2 | 0  1  3
///   expert              0    |   1  |    3          (no row chose expert 2)
/// ```
///
/// The experts of a row, and the order in which their outputs are added, depend on that row's own scores alone.
public final class HostRoutes implements Backend.Routes {
    private final Routing routing;
    private final double[] scores;
    private final double[] selection;
    private final double[] groupScores;
    private final boolean[] closed;
    private int rows;
    /// `[rows][chosen]`, the numbers of each row's experts, ascending.
    private final int[] experts;
    private final float[] weights;
    private final int[] places;
    /// `[experts + 1]`, the first place of each expert, then the number of places.
    private final int[] firstPlaces;
    private final int[] rowsOfPlaces;

    /// Routes for products with one matrix for each head.
    public static HostRoutes ofHeads(int rows, int heads) {
        return new HostRoutes(rows, Routing.toAll(heads));
    }

    public HostRoutes(int rows, Routing routing) {
        this.routing = routing;
        scores = new double[routing.experts()];
        selection = new double[routing.experts()];
        groupScores = new double[routing.groups()];
        closed = new boolean[routing.experts()];
        int most = Math.multiplyExact(rows, routing.chosen());
        experts = new int[most];
        weights = new float[most];
        places = new int[most];
        firstPlaces = new int[routing.experts() + 1];
        rowsOfPlaces = new int[most];
    }

    public Routing routing() {
        return routing;
    }

    @Override
    public int chosen() {
        return routing.chosen();
    }

    /// The number of places: rows times chosen experts.
    public int places() {
        return rows * routing.chosen();
    }

    /// The first place of an expert; for `expert` equal to the number of experts, the number of places.
    public int firstPlace(int expert) {
        return firstPlaces[expert];
    }

    public int rowOfPlace(int place) {
        return rowsOfPlaces[place];
    }

    /// The place of a row's expert number `rank`, counted from the lowest expert that the row chose.
    public int place(int row, int rank) {
        return places[row * routing.chosen() + rank];
    }

    public float weight(int row, int rank) {
        return weights[row * routing.chosen() + rank];
    }

    /// [experts], the array into which the caller writes one row's scores before it calls [#choose].
    public double[] scores() {
        return scores;
    }

    /// Chooses the experts of one row, whose scores are in [#scores].
    ///
    /// @param correction `[experts]`, added to the scores for the selection but not for the weights; null for none
    public void choose(int row, float @Nullable [] correction) {
        weigh();
        for (int expert = 0; expert < scores.length; expert++) {
            selection[expert] = scores[expert] + (correction == null ? 0 : correction[expert]);
        }
        Arrays.fill(closed, false);
        closeGroups();
        int at = row * routing.chosen();
        for (int i = 0; i < routing.chosen(); i++) {
            int best = best(0, closed.length);
            closed[best] = true;
            experts[at + i] = best;
        }
        Arrays.sort(experts, at, at + routing.chosen());
        double total = KernelNumbers.isSigmoid(routing.scoring()) ? 1e-20 : 0;
        for (int i = at; i < at + routing.chosen(); i++) {
            total += scores[experts[i]];
        }
        double factor = routing.scale() / (routing.normalised() ? total : 1);
        for (int i = at; i < at + routing.chosen(); i++) {
            weights[i] = (float) (scores[experts[i]] * factor);
        }
    }

    private void weigh() {
        switch (routing.scoring()) {
            case SOFTMAX -> {
                double greatest = Double.NEGATIVE_INFINITY;
                for (double score : scores) {
                    greatest = Math.max(greatest, score);
                }
                double total = 0;
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = StrictMath.exp(scores[i] - greatest);
                    total += scores[i];
                }
                for (int i = 0; i < scores.length; i++) {
                    scores[i] /= total;
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = 1 / (1 + StrictMath.exp(-scores[i]));
                }
            }
        }
    }

    /// The selectable expert with the highest selection score, the lowest of equals; any selectable one where a score
    /// is NaN.
    private int best(int from, int end) {
        int best = -1;
        for (int expert = from; expert < end; expert++) {
            if (!closed[expert] && (best < 0 || selection[expert] > selection[best])) {
                best = expert;
            }
        }
        return best;
    }

    /// Leaves only the experts of the best groups selectable. A group's score is that of its best expert (softmax
    /// scoring), or the sum of its two best (sigmoid scoring).
    private void closeGroups() {
        int size = scores.length / routing.groups();
        if (routing.groups() == routing.chosenGroups()) {
            return;
        }
        for (int group = 0; group < routing.groups(); group++) {
            groupScores[group] = groupScore(group * size, size);
        }
        Arrays.fill(closed, true);
        for (int i = 0; i < routing.chosenGroups(); i++) {
            int best = -1;
            for (int group = 0; group < routing.groups(); group++) {
                boolean greater = best < 0 || groupScores[group] > groupScores[best];
                best = closed[group * size] && greater ? group : best;
            }
            Arrays.fill(closed, best * size, (best + 1) * size, false);
        }
    }

    private double groupScore(int first, int size) {
        int best = best(first, first + size);
        if (!KernelNumbers.isSigmoid(routing.scoring()) || size == 1) {
            return selection[best];
        }
        closed[best] = true;
        return selection[best] + selection[best(first, first + size)];
    }

    /// Routes rows to all matrices: place `matrix * rows + row` is that of a row at a matrix.
    public void routeToAll(int rows) {
        this.rows = rows;
        for (int matrix = 0; matrix <= routing.experts(); matrix++) {
            firstPlaces[matrix] = matrix * rows;
        }
    }

    /// Numbers the places, after all rows have chosen.
    public void group(int rows) {
        this.rows = rows;
        Arrays.fill(firstPlaces, 0);
        int count = places();
        for (int i = 0; i < count; i++) {
            firstPlaces[experts[i] + 1]++;
        }
        for (int expert = 0; expert < routing.experts(); expert++) {
            firstPlaces[expert + 1] += firstPlaces[expert];
        }
        for (int i = 0; i < count; i++) {
            int place = firstPlaces[experts[i]]++;
            places[i] = place;
            rowsOfPlaces[place] = i / routing.chosen();
        }
        System.arraycopy(firstPlaces, 0, firstPlaces, 1, routing.experts());
        firstPlaces[0] = 0;
    }
}
