/// The computations of one thread on one tile, in two implementations that give the same bits.
///
/// ```
///   Kernels ◄── NativeKernels: src/main/c, compiled for several InstructionSets, in a NativeLibrary
///           ◄── VectorKernels: Java's Vector API, in VectorProducts, VectorRows, VectorAttention, VectorWeighing
/// ```
///
/// Both read weights in the layout of a BlockForm or FloatForm, and keys and values from a PagedCache. Lanes is the
/// order in which every sum is added.
///
/// This package knows neither threads nor the operations of a backend.
@NullMarked
package dev.flover.engine.backend.cpu.kernels;

import org.jspecify.annotations.NullMarked;
