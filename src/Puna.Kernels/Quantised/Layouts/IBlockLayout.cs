using System.Diagnostics;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// How one block format lies in memory once 16 rows are interleaved, and how it is unpacked. Implemented by empty
/// structs, so that the loops over blocks are compiled for each format.
/// </summary>
/// <remarks>
/// A matrix has two regions: the codes of every row group and, behind them, the scales of every row group; inside a
/// group, block after block along the columns. Codes are stored as words of four bytes, one for each row, 16 rows
/// side by side (64 bytes). A word holds a quad, the codes of four consecutive columns in its four bytes, or the same
/// bits of several quads: see <see cref="QuadPlanes"/>. Loops run over chunks of 256 columns (8 sub-blocks of 32; the
/// last chunk may have fewer), which are one block of the 256-wide formats or up to eight of the 32-wide ones.
/// A value is Scale * (code - <see cref="Zero"/>) + Minimum.
/// </remarks>
internal unsafe interface IBlockLayout
{
    /// <summary>Sub-blocks of 32 columns in a block: 1 or 8.</summary>
    static abstract int SubBlocks { get; }

    /// <summary>Words of codes that a row has in a block.</summary>
    static abstract int CodeWords { get; }

    /// <summary>Bytes of scales that a row has in a block.</summary>
    static abstract int ScaleBytes { get; }

    /// <summary>How codes are multiplied.</summary>
    static abstract DotKind Kind { get; }

    /// <summary>The planes of codes of 32 columns, or null where they are no planes.</summary>
    static abstract CodePlanes? Planes { get; }

    /// <summary>Greatest code, for the unsigned kinds.</summary>
    static abstract int MaximumCode { get; }

    /// <summary>The code that stands for zero, for the unsigned kinds without a minimum; else 0.</summary>
    static abstract int Zero { get; }

    /// <summary>True when <see cref="ExpandScales"/> writes minima too.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>Packs one block of one row.</summary>
    /// <param name="source">The block as the file has it.</param>
    /// <param name="codes">Where the row's first code word goes; the next is <see cref="PackedMatrix.RowGroup"/> words on.</param>
    /// <param name="scales">The scales of the block's 16 rows.</param>
    /// <param name="row">Row in the group.</param>
    static abstract void Pack(byte* source, uint* codes, byte* scales, int row);

    /// <summary>Unpacks 32 columns of a vector of rows: eight quads of byte codes.</summary>
    /// <param name="codes">Codes of the chunk.</param>
    /// <param name="sub">Sub-block in the chunk.</param>
    /// <param name="row">First row in the group.</param>
    /// <param name="quad0">Columns 0 to 3.</param>
    /// <param name="quad1">Columns 4 to 7.</param>
    /// <param name="quad2">Columns 8 to 11.</param>
    /// <param name="quad3">Columns 12 to 15.</param>
    /// <param name="quad4">Columns 16 to 19.</param>
    /// <param name="quad5">Columns 20 to 23.</param>
    /// <param name="quad6">Columns 24 to 27.</param>
    /// <param name="quad7">Columns 28 to 31.</param>
    static abstract void LoadCodes<TLanes>(
        byte* codes,
        int sub,
        int row,
        out TLanes quad0,
        out TLanes quad1,
        out TLanes quad2,
        out TLanes quad3,
        out TLanes quad4,
        out TLanes quad5,
        out TLanes quad6,
        out TLanes quad7
    )
        where TLanes : unmanaged, IRowLanes<TLanes>;

    /// <summary>
    /// Unpacks 16 columns of a vector of rows, for <see cref="DotKind.UnsignedHalves"/> only: <see cref="LoadCodes"/>
    /// of a half, with far less code for the compiler where the half is known at run time.
    /// </summary>
    /// <param name="codes">Codes of the chunk.</param>
    /// <param name="sub">Sub-block in the chunk.</param>
    /// <param name="half">0 or 1.</param>
    /// <param name="row">First row in the group.</param>
    /// <param name="quad0">Columns 0 to 3 of the half.</param>
    /// <param name="quad1">Columns 4 to 7.</param>
    /// <param name="quad2">Columns 8 to 11.</param>
    /// <param name="quad3">Columns 12 to 15.</param>
    static virtual void LoadHalf<TLanes>(
        byte* codes,
        int sub,
        int half,
        int row,
        out TLanes quad0,
        out TLanes quad1,
        out TLanes quad2,
        out TLanes quad3
    )
        where TLanes : unmanaged, IRowLanes<TLanes> => throw new UnreachableException();

    /// <summary>
    /// Computes the f32 scales and minima of a chunk, with the rounding steps of the reference decoder.
    /// </summary>
    /// <param name="scales">Scales of the chunk.</param>
    /// <param name="count">Sub-blocks in the chunk, 1 to 8.</param>
    /// <param name="table">Room for <see cref="ChunkScales.Floats"/> floats, laid out as that type says.</param>
    static abstract void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>;
}
