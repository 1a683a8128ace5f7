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
            BlockProduct.Prepare<TLanes, TLayout>(codes, codeStep, scales, count, table);
            for (var row = 0; row < Group; row += rows)
            {
                var sum = TLanes.Load(sums + row);
                var x = block;
                for (var sub = 0; sub < count; sub++)
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
                    var minimum = TLanes.Load(entry + ChunkScales.Minima);
                    var quads = (int*)x;
                    var dot0 = TLanes.MultiplyPairs(quad0, quads[0]);
                    dot0 = TLanes.AddPairs(dot0, quad1, quads[1]);
                    dot0 = TLanes.AddPairs(dot0, quad2, quads[2]);
                    dot0 = TLanes.AddPairs(dot0, quad3, quads[3]);
                    var dot1 = TLanes.MultiplyPairs(quad4, quads[4]);
                    dot1 = TLanes.AddPairs(dot1, quad5, quads[5]);
                    dot1 = TLanes.AddPairs(dot1, quad6, quads[6]);
                    dot1 = TLanes.AddPairs(dot1, quad7, quads[7]);
                    sum = TLanes.AddScaled(
                        TLayout.MaximumCode <= 15
                            ? TLanes.SumPairs(TLanes.AddShorts(dot0, dot1))
                            : TLanes.AddIntegers(TLanes.SumPairs(dot0), TLanes.SumPairs(dot1)),
                        x->Scale,
                        scale,
                        sum
                    );
                    sum = TLanes.MultiplyAdd(minimum, x->ScaledSum, sum);
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
            BlockProduct.Prepare<TLanes, TLayout>(codes, codeStep, scales, count, table);
            for (var sub = 0; sub < count; sub++)
            {
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
                    var minimum = TLanes.Load(entry + ChunkScales.Minima);
                    var target = arguments.Sums + row;
                    for (var x = block; x < block + tokens; x++)
                    {
                        var sum = TLanes.Load(target);
                        var quads = (int*)x;
                        var dot0 = TLanes.MultiplyPairs(quad0, quads[0]);
                        dot0 = TLanes.AddPairs(dot0, quad1, quads[1]);
                        dot0 = TLanes.AddPairs(dot0, quad2, quads[2]);
                        dot0 = TLanes.AddPairs(dot0, quad3, quads[3]);
                        var dot1 = TLanes.MultiplyPairs(quad4, quads[4]);
                        dot1 = TLanes.AddPairs(dot1, quad5, quads[5]);
                        dot1 = TLanes.AddPairs(dot1, quad6, quads[6]);
                        dot1 = TLanes.AddPairs(dot1, quad7, quads[7]);
                        sum = TLanes.AddScaled(
                            TLayout.MaximumCode <= 15
                                ? TLanes.SumPairs(TLanes.AddShorts(dot0, dot1))
                                : TLanes.AddIntegers(TLanes.SumPairs(dot0), TLanes.SumPairs(dot1)),
                            x->Scale,
                            scale,
                            sum
                        );
                        sum = TLanes.MultiplyAdd(minimum, x->ScaledSum, sum);
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
}
