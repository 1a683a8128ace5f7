using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised;

/// <summary>The product of formats with signed 8-bit codes and one scale for 32 columns.</summary>
internal static unsafe class SignedProduct
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
                    TLanes.SplitSigned(quad0, out var first0, out var second0);
                    TLanes.SplitSigned(quad1, out var first1, out var second1);
                    TLanes.SplitSigned(quad2, out var first2, out var second2);
                    TLanes.SplitSigned(quad3, out var first3, out var second3);
                    TLanes.SplitSigned(quad4, out var first4, out var second4);
                    TLanes.SplitSigned(quad5, out var first5, out var second5);
                    TLanes.SplitSigned(quad6, out var first6, out var second6);
                    TLanes.SplitSigned(quad7, out var first7, out var second7);
                    var quads = (int*)x;
                    TLanes.StartSigned(x, out var sum0, out var sum1);
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first0,
                        second0,
                        TLanes.Broadcast(quads[0])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first1,
                        second1,
                        TLanes.Broadcast(quads[1])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first2,
                        second2,
                        TLanes.Broadcast(quads[2])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first3,
                        second3,
                        TLanes.Broadcast(quads[3])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first4,
                        second4,
                        TLanes.Broadcast(quads[4])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first5,
                        second5,
                        TLanes.Broadcast(quads[5])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first6,
                        second6,
                        TLanes.Broadcast(quads[6])
                    );
                    TLanes.AddSigned(
                        ref sum0,
                        ref sum1,
                        first7,
                        second7,
                        TLanes.Broadcast(quads[7])
                    );
                    sum = TLanes.AddScaled(
                        TLanes.EndSigned(sum0, sum1),
                        TLanes.Broadcast(x->Scale),
                        scale,
                        sum
                    );
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
                    TLanes.SplitSigned(quad0, out var first0, out var second0);
                    TLanes.SplitSigned(quad1, out var first1, out var second1);
                    TLanes.SplitSigned(quad2, out var first2, out var second2);
                    TLanes.SplitSigned(quad3, out var first3, out var second3);
                    TLanes.SplitSigned(quad4, out var first4, out var second4);
                    TLanes.SplitSigned(quad5, out var first5, out var second5);
                    TLanes.SplitSigned(quad6, out var first6, out var second6);
                    TLanes.SplitSigned(quad7, out var first7, out var second7);
                    var target = arguments.Sums + row;
                    for (var x = block; x < block + tokens; x++)
                    {
                        var sum = TLanes.Load(target);
                        var quads = (int*)x;
                        TLanes.StartSigned(x, out var sum0, out var sum1);
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first0,
                            second0,
                            TLanes.Broadcast(quads[0])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first1,
                            second1,
                            TLanes.Broadcast(quads[1])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first2,
                            second2,
                            TLanes.Broadcast(quads[2])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first3,
                            second3,
                            TLanes.Broadcast(quads[3])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first4,
                            second4,
                            TLanes.Broadcast(quads[4])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first5,
                            second5,
                            TLanes.Broadcast(quads[5])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first6,
                            second6,
                            TLanes.Broadcast(quads[6])
                        );
                        TLanes.AddSigned(
                            ref sum0,
                            ref sum1,
                            first7,
                            second7,
                            TLanes.Broadcast(quads[7])
                        );
                        sum = TLanes.AddScaled(
                            TLanes.EndSigned(sum0, sum1),
                            TLanes.Broadcast(x->Scale),
                            scale,
                            sum
                        );
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
