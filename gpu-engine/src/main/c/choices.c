// The choices that hold until others are written here: those for Intel servers with AVX-512.

#include "choices.h"

choices KERNEL(choices) = {1024, 32, 4, 0};
