// Which experts the rows of a step go to. Places are the pairs of a row and an expert it goes to, expert by expert, so
// that an expert's weights are read once for all of its rows:
//
//   row of place     0  2  3 | 1  2 | 0  1  3
//   expert              0    |   1  |    3          (2 has none)
//
// What a row chooses, and the order in which its experts are added, follow from its own scores alone.
#pragma once

#include "operand.cuh"
#include "plan.cuh"

struct Routes {
    int* experts;         // [rows][chosen], ascending
    float* weights;       // [rows][chosen]
    int* places;          // [rows][chosen]
    int* rowsOfPlaces;    // [rows * chosen]
    int* firstPlaces;     // [count + 1]
    int count;            // of experts
    int chosen;           // by each row
};
