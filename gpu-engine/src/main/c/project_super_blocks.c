// Products with the types whose blocks have 256 weights. project_blocks.h has the method.

#include "project_blocks.h"

PROJECT(project_q2_k, 2, 0, NUMBERS, 0, 16, 8, NIBBLE_SCALE, 1)
PROJECT(project_q3_k, 2, 1, NUMBERS, 0, 16, 8, FACTOR_SCALE, 0)
PROJECT(project_q4_k, 4, 0, NUMBERS, 0, 32, 8, FACTOR_SCALE, 1)
PROJECT(project_q5_k, 4, 1, NUMBERS, 0, 32, 8, FACTOR_SCALE, 1)
PROJECT(project_q6_k, 4, 2, NUMBERS, 0, 16, 8, FACTOR_SCALE, 0)
PROJECT(project_iq4_xs, 4, 0, IQ4_LEVELS, 1, 32, 8, FACTOR_SCALE, 0)
