// A step's plan as the host encodes it (StepImage.java): a header of 32-bit words, then arrays at the word offsets that
// the header names. Copied to the same address for every step, so that captured graphs never change.
#pragma once

#include "device.cuh"

/// Header words. A launch is told which of ROWS, SAMPLES and PLACES limits its rows.
enum PlanWord : int {
    PLAN_ROWS = 0,
    PLAN_SAMPLES = 1,
    PLAN_TILES = 2,
    PLAN_ITEMS = 3,
    PLAN_RESULTS = 4,    // two words: device address of this step's results in pinned host memory
    PLAN_PLACES = 6,     // pairs of a row and an expert that it goes to
    PLAN_ARRAYS = 8      // word offsets of the arrays below
};

enum PlanArray : int {
    TOKENS = 0,          // [rows] token id, or -1 for the newest of its home
    POSITIONS = 1,       // [rows]
    HOMES = 2,           // [rows] where the slot's state lives; moves of slots change only this
    SAMPLE_ROWS = 3,     // [samples]
    SAMPLE_HOMES = 4,    // [samples]
    TILE_FIRST_ROWS = 5, // [tiles] attention tiles: consecutive rows of one slice
    TILE_ROWS = 6,       // [tiles]
    TILE_ITEMS = 7,      // [tiles + 1] first work item of each tile
    TILE_SCRATCH = 8,    // [tiles] first scratch entry for its splits, or -1: one block takes all its splits in turn
    SAMPLE_TARGETS = 9,  // [samples] the token that a row scores, or -1: it draws one
    SAMPLE_ALTERNATIVES = 10, // [samples] how many alternatives a scoring row reports
    TURNS = 11,          // [rows] the position; negative: one of a long sequence's first, which turn in their own way
    SAMPLE_MASKS = 12    // [samples] which mask says what the row may draw, or -1: no constraint does
};

struct Plan {
    const int* words;

    __device__ __forceinline__ int live(int counter) const {
        return words[counter];
    }
    __device__ __forceinline__ const int* array(PlanArray which) const {
        return words + words[PLAN_ARRAYS + which];
    }
};
