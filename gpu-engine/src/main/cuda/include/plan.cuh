// A step's plan in the encoding of StepImage.java: a header of 32-bit words, then arrays at the word offsets that the
// header contains. Every step's plan is copied to the same address, so that captured graphs never change.
#pragma once

#include "device.cuh"

/// Header words. A launch has a parameter that names the word (rows, samples, places or heads) that limits its rows.
enum PlanWord : int {
    PLAN_ROWS = 0,
    PLAN_SAMPLES = 1,
    PLAN_TILES = 2,
    PLAN_ITEMS = 3,
    PLAN_RESULTS = 4,    // two words: device address of pinned host memory for this step's results
    PLAN_PLACES = 6,     // number of places: pairs of a row and one of its experts
    PLAN_HEADS = 7,      // number of pairs of a row and one of its heads
    PLAN_ARRAYS = 8      // word offsets of the arrays below
};

enum PlanArray : int {
    TOKENS = 0,          // [rows] token id, or -1 for the newest token of the row's home
    POSITIONS = 1,       // [rows]
    // [rows] home of the row's sequence, where its state lies; a move between slots changes only this array
    HOMES = 2,
    SAMPLE_ROWS = 3,     // [samples]
    SAMPLE_HOMES = 4,    // [samples]
    TILE_FIRST_ROWS = 5, // [tiles] attention tiles: consecutive rows of one slice
    TILE_ROWS = 6,       // [tiles]
    TILE_ITEMS = 7,      // [tiles + 1] first work item of each tile
    // [tiles] first scratch entry for its splits, or -1: one block processes all its splits in turn
    TILE_SCRATCH = 8,
    SAMPLE_TARGETS = 9,  // [samples] the token that a row scores, or -1 for a row that draws a token
    SAMPLE_ALTERNATIVES = 10, // [samples] how many alternatives a scoring row reports
    // [rows] rotary position; negative for the first positions of a long sequence in models that rotate those
    // differently
    TURNS = 11,
    SAMPLE_MASKS = 12    // [samples] index of the row's constraint mask, or -1 for none
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
