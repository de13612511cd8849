// Products with the types whose blocks have 32 weights. project_blocks.h has the method.

#include "project_blocks.h"

PROJECT(project_q8_0, Q8_0_FORM)
PROJECT(project_q4_0, Q4_0_FORM)
PROJECT(project_q4_1, Q4_1_FORM)
PROJECT(project_q5_0, Q5_0_FORM)
PROJECT(project_q5_1, Q5_1_FORM)
PROJECT(project_iq4_nl, IQ4_NL_FORM)
PROJECT(project_mxfp4, MXFP4_FORM)
