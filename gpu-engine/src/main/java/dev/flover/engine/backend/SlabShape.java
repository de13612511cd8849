package dev.flover.engine.backend;

/// The division of the memory of a cache among the blocks of two block tables. A slab holds one block of the table with
/// more layers, or as many blocks of the other table as have at least as many layers together:
///
/// ```
///   2 layers of table 0, 5 of table 1:     a slab has 6 layers
///   [ table 0: 2 ][ table 0: 2 ][ table 0: 2 ]     or     [ table 1: 5          ][ 1 unused ]
/// ```
///
/// Where there is one table, a slab is one of its blocks.
///
/// @param first  the number of layers that read the first table
/// @param second the number of layers that read the second table; 0 if there is none
public record SlabShape(int first, int second) {
    /// The blocks of one table that a slab holds.
    public int blocks(int table) {
        int own = table == 0 ? first : second;
        int other = table == 0 ? second : first;
        return own == 0 ? 1 : Math.max(1, Math.ceilDiv(other, own));
    }

    /// The layers of a slab: its size is that of one block in as many layers.
    public int layers() {
        return Math.max(first * blocks(0), second * blocks(1));
    }

    /// The number of slabs with room for this number of blocks of each table.
    public int slabsFor(int blocks) {
        return second == 0 ? blocks : Math.addExact(Math.ceilDiv(blocks, blocks(0)), Math.ceilDiv(blocks, blocks(1)));
    }

    /// The largest number of blocks of each table for which this number of slabs has room.
    public long blocksIn(long slabs) {
        long several = Math.max(blocks(0), blocks(1)); // the other number is 1
        return second == 0 ? slabs : slabs * several / (several + 1);
    }
}
