// Products with the types whose blocks have 256 weights. project_blocks.h has the method.

#include "project_blocks.h"

PROJECT(project_q2_k, Q2_K_FORM)
PROJECT(project_q3_k, Q3_K_FORM)
PROJECT(project_q4_k, Q4_K_FORM)
PROJECT(project_q5_k, Q5_K_FORM)
PROJECT(project_q6_k, Q6_K_FORM)
PROJECT(project_iq4_xs, IQ4_XS_FORM)
