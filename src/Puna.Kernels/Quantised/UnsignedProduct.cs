using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised;

/// <summary>
/// The product of formats with small unsigned codes and one scale for 32 columns. A pair of products is at most
/// 2 * 127 * code, so 16 bits hold the sum of eight quads of 4-bit codes or of four quads of 5-bit codes.
/// </summary>
internal static unsafe class UnsignedProduct
{
    private const int Group = PackedMatrix.RowGroup;

    /// <summary>One token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Vector<TLanes, TLayout>(in BlockProduct.Arguments arguments)
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        var codes = arguments.Codes;
        var scales = arguments.Scales;
        var block = arguments.Activations;
        var table = arguments.Table;
        var sums = arguments.Sums;
        var codeStep = BlockProduct.ChunkCodeBytes<TLayout>();
        var scaleStep = BlockProduct.ChunkScaleBytes<TLayout>();
        var rows = TLanes.Rows;
        for (var left = arguments.SubBlocks; left > 0; left -= BlockProduct.ChunkSubBlocks)
        {
            var count = Math.Min(BlockProduct.ChunkSubBlocks, left);
            TLayout.ExpandScales<TLanes>(scales, count, table);
            for (var row = 0; row < Group; row += rows)
            {
                var sum = TLanes.Load(sums + row);
                var x = block;
                for (var sub = 0; sub < count; sub++)
                {
                    if (row == 0)
                    {
                        BlockProduct.Prefetch<TLayout>(codes, sub);
                    }

                    TLayout.LoadCodes<TLanes>(
                        codes,
                        sub,
                        row,
                        out var quad0,
                        out var quad1,
                        out var quad2,
                        out var quad3,
                        out var quad4,
                        out var quad5,
                        out var quad6,
                        out var quad7
                    );
                    var entry = table + sub * Group + row;
                    var scale = TLanes.Load(entry);
                    var minimum = BlockProduct.Minimum<TLanes, TLayout>(entry, scale);
                    var dot = Dot<TLanes, TLayout>(
                        quad0,
                        quad1,
                        quad2,
                        quad3,
                        quad4,
                        quad5,
                        quad6,
                        quad7,
                        (int*)x
                    );
                    sum = TLanes.AddScaled(dot, TLanes.Broadcast(x->Scale), scale, sum);
                    sum = TLanes.MultiplyAdd(minimum, TLanes.Broadcast(x->ScaledSum), sum);
                    x++;
                }

                TLanes.Store(sum, sums + row);
            }

            codes += codeStep;
            scales += scaleStep;
            block += BlockProduct.ChunkSubBlocks;
        }
    }

    /// <summary>A tile of tokens: codes are unpacked once into registers and used for all of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Batch<TLanes, TLayout>(in BlockProduct.Arguments arguments)
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        var codes = arguments.Codes;
        var scales = arguments.Scales;
        var block = arguments.Activations;
        var table = arguments.Table;
        var tokens = arguments.Tokens;
        var codeStep = BlockProduct.ChunkCodeBytes<TLayout>();
        var scaleStep = BlockProduct.ChunkScaleBytes<TLayout>();
        var rows = TLanes.Rows;
        for (var left = arguments.SubBlocks; left > 0; left -= BlockProduct.ChunkSubBlocks)
        {
            var count = Math.Min(BlockProduct.ChunkSubBlocks, left);
            TLayout.ExpandScales<TLanes>(scales, count, table);
            for (var sub = 0; sub < count; sub++)
            {
                BlockProduct.Prefetch<TLayout>(codes, sub);
                for (var row = 0; row < Group; row += rows)
                {
                    TLayout.LoadCodes<TLanes>(
                        codes,
                        sub,
                        row,
                        out var quad0,
                        out var quad1,
                        out var quad2,
                        out var quad3,
                        out var quad4,
                        out var quad5,
                        out var quad6,
                        out var quad7
                    );
                    var entry = table + sub * Group + row;
                    var scale = TLanes.Load(entry);
                    var minimum = BlockProduct.Minimum<TLanes, TLayout>(entry, scale);
                    var target = arguments.Sums + row;
                    for (var x = block; x < block + tokens; x++)
                    {
                        var sum = TLanes.Load(target);
                        var dot = Dot<TLanes, TLayout>(
                            quad0,
                            quad1,
                            quad2,
                            quad3,
                            quad4,
                            quad5,
                            quad6,
                            quad7,
                            (int*)x
                        );
                        sum = TLanes.AddScaled(dot, TLanes.Broadcast(x->Scale), scale, sum);
                        sum = TLanes.MultiplyAdd(minimum, TLanes.Broadcast(x->ScaledSum), sum);
                        TLanes.Store(sum, target);
                        target += Group;
                    }
                }

                block += tokens;
            }

            codes += codeStep;
            scales += scaleStep;
        }
    }

    /// <summary>The integer dot of 32 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Dot<TLanes, TLayout>(
        TLanes quad0,
        TLanes quad1,
        TLanes quad2,
        TLanes quad3,
        TLanes quad4,
        TLanes quad5,
        TLanes quad6,
        TLanes quad7,
        int* x
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        if (TLanes.HasDot)
        {
            var sum = TLanes.AddDot(TLanes.Zero, quad0, TLanes.Broadcast(x[0]));
            sum = TLanes.AddDot(sum, quad1, TLanes.Broadcast(x[1]));
            sum = TLanes.AddDot(sum, quad2, TLanes.Broadcast(x[2]));
            sum = TLanes.AddDot(sum, quad3, TLanes.Broadcast(x[3]));
            sum = TLanes.AddDot(sum, quad4, TLanes.Broadcast(x[4]));
            sum = TLanes.AddDot(sum, quad5, TLanes.Broadcast(x[5]));
            sum = TLanes.AddDot(sum, quad6, TLanes.Broadcast(x[6]));
            return TLanes.AddDot(sum, quad7, TLanes.Broadcast(x[7]));
        }

        var dot0 = TLanes.MultiplyPairs(quad0, TLanes.Broadcast(x[0]));
        dot0 = TLanes.AddPairs(dot0, quad1, TLanes.Broadcast(x[1]));
        dot0 = TLanes.AddPairs(dot0, quad2, TLanes.Broadcast(x[2]));
        dot0 = TLanes.AddPairs(dot0, quad3, TLanes.Broadcast(x[3]));
        var dot1 = TLanes.MultiplyPairs(quad4, TLanes.Broadcast(x[4]));
        dot1 = TLanes.AddPairs(dot1, quad5, TLanes.Broadcast(x[5]));
        dot1 = TLanes.AddPairs(dot1, quad6, TLanes.Broadcast(x[6]));
        dot1 = TLanes.AddPairs(dot1, quad7, TLanes.Broadcast(x[7]));
        return TLayout.MaximumCode <= 15
            ? TLanes.SumPairs(TLanes.AddShorts(dot0, dot1))
            : TLanes.AddIntegers(TLanes.SumPairs(dot0), TLanes.SumPairs(dot1));
    }
}
