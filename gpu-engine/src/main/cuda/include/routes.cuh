// The experts that the rows of a step are routed to. A place is a pair of a row and one of the experts that the row
// chose. Places are numbered expert by expert, so that an expert's weights are read once for all of its rows:
//
//   row of place     0  2  3 | 1  2 | 0  1  3
//   expert              0    |   1  |    3          (no row chose expert 2)
//
// The experts of a row, and the order in which their outputs are added, depend on that row's own scores alone.
#pragma once

#include "operand.cuh"
#include "plan.cuh"

struct Routes {
    int* experts;         // [rows][chosen] numbers of experts, ascending
    float* weights;       // [rows][chosen]
    int* places;          // [rows][chosen]
    int* rowsOfPlaces;    // [rows * chosen]
    int* firstPlaces;     // [count + 1] first place of each expert, then the number of places
    int count;            // number of experts
    int chosen;           // experts that each row chooses
};
