using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised;

/// <summary>Decodes a chunk of 16 rows to f32, bit for bit as the row-major decoder does.</summary>
internal static unsafe class BlockPanel
{
    private const int Group = PackedMatrix.RowGroup;

    /// <summary>panel[k * 16 + row] = value of column k of the chunk.</summary>
    /// <param name="codes">Codes of the chunk.</param>
    /// <param name="scales">Scales of the chunk.</param>
    /// <param name="count">Sub-blocks in the chunk.</param>
    /// <param name="table">Scratch of <see cref="ChunkScales.Floats"/>.</param>
    /// <param name="panel">Result [32 * count, 16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Decode<TLanes, TLayout>(
        byte* codes,
        byte* scales,
        int count,
        float* table,
        float* panel
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        var quads = stackalloc TLanes[8];
        TLayout.ExpandScales<TLanes>(scales, count, table);
        for (var sub = 0; sub < count; sub++)
        {
            for (var row = 0; row < Group; row += TLanes.Rows)
            {
                TLayout.LoadCodes(
                    codes,
                    sub,
                    row,
                    out quads[0],
                    out quads[1],
                    out quads[2],
                    out quads[3],
                    out quads[4],
                    out quads[5],
                    out quads[6],
                    out quads[7]
                );
                for (var quad = 0; quad < 8; quad++)
                {
                    var entry = TLayout.Kind == DotKind.UnsignedHalves ? 2 * sub + quad / 4 : sub;
                    var factor = TLanes.Load(table + entry * Group + row);
                    var target = panel + (sub * 32 + quad * 4) * Group + row;
                    for (var column = 0; column < 4; column++)
                    {
                        var value = TLanes.Multiply(
                            Code<TLanes, TLayout>(quads[quad], column),
                            factor
                        );
                        if (TLayout.HasMinimum)
                        {
                            value = TLanes.Add(
                                value,
                                TLanes.Load(table + ChunkScales.Minima + entry * Group + row)
                            );
                        }

                        TLanes.Store(value, target + column * Group);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Code<TLanes, TLayout>(TLanes quad, int column)
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        if (TLayout.Kind == DotKind.Signed)
        {
            return TLanes.ToFloats(
                TLanes.ShiftRightSigned(TLanes.ShiftLeft(quad, 24 - 8 * column), 24)
            );
        }

        var code = TLanes.ShiftRight(quad, 8 * column) & TLanes.Broadcast(255);
        return TLanes.ToFloats(TLanes.AddIntegers(code, TLanes.Broadcast(-TLayout.Zero)));
    }
}
