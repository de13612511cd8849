// Products with the types whose blocks have 32 weights. project_blocks.h has the method.

#include "project_blocks.h"

PROJECT(project_q8_0, 8, 0, NUMBERS, 1, 32, 1, HALF_SCALE, 0)
PROJECT(project_q4_0, 4, 0, NUMBERS, 0, 32, 1, HALF_SCALE, 0)
PROJECT(project_q4_1, 4, 0, NUMBERS, 0, 32, 1, HALF_SCALE, 1)
PROJECT(project_q5_0, 4, 1, NUMBERS, 0, 32, 1, HALF_SCALE, 0)
PROJECT(project_q5_1, 4, 1, NUMBERS, 0, 32, 1, HALF_SCALE, 1)
PROJECT(project_iq4_nl, 4, 0, IQ4_LEVELS, 1, 32, 1, HALF_SCALE, 0)
PROJECT(project_mxfp4, 4, 0, MX_LEVELS, 0, 32, 1, POWER_SCALE, 0)
