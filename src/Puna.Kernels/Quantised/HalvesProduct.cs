using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised;

/// <summary>
/// The product of formats with small unsigned codes and a scale for each 16 columns. A pair of products is at most
/// 2 * 127 * code, so 16 bits hold the sum of four quads of 5-bit codes or of two quads of 6-bit codes.
/// </summary>
internal static unsafe class HalvesProduct
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
        var second = BlockProduct.Second<TLanes>();
        for (var left = arguments.SubBlocks; left > 0; left -= BlockProduct.ChunkSubBlocks)
        {
            var count = Math.Min(BlockProduct.ChunkSubBlocks, left);
            TLayout.ExpandScales<TLanes>(scales, count, table);
            for (var row = 0; row < Group; row += TLanes.Rows + second)
            {
                var sum0 = TLanes.Load(sums + row);
                var sum1 = TLanes.Load(sums + row + second);
                var x = block;
                for (var sub = 0; sub < count; sub++)
                {
                    if (row == 0)
                    {
                        BlockProduct.Prefetch<TLayout>(codes, sub);
                    }

                    var entry = table + 2 * sub * Group + row;
                    for (var half = 0; half < 2; half++)
                    {
                        AddHalf<TLanes, TLayout>(
                            codes,
                            sub,
                            row,
                            half,
                            entry,
                            x,
                            ref sum0,
                            ref sum1
                        );
                    }

                    x++;
                }

                TLanes.Store(sum0, sums + row);
                if (second > 0)
                {
                    TLanes.Store(sum1, sums + row + second);
                }
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
        var second = BlockProduct.Second<TLanes>();
        for (var left = arguments.SubBlocks; left > 0; left -= BlockProduct.ChunkSubBlocks)
        {
            var count = Math.Min(BlockProduct.ChunkSubBlocks, left);
            TLayout.ExpandScales<TLanes>(scales, count, table);
            for (var sub = 0; sub < count; sub++)
            {
                BlockProduct.Prefetch<TLayout>(codes, sub);
                for (var row = 0; row < Group; row += TLanes.Rows + second)
                {
                    var entry = table + 2 * sub * Group + row;
                    var target = arguments.Sums + row;
                    if (second > 0)
                    {
                        for (var half = 0; half < 2; half++)
                        {
                            AddPair<TLanes, TLayout>(
                                codes,
                                sub,
                                row,
                                half,
                                entry,
                                block,
                                tokens,
                                target
                            );
                        }
                    }
                    else
                    {
                        AddWhole<TLanes, TLayout>(codes, sub, entry, block, tokens, target);
                    }
                }

                block += tokens;
            }

            codes += codeStep;
            scales += scaleStep;
        }
    }

    /// <summary>Half a sub-block and one token, for one or two vectors of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddHalf<TLanes, TLayout>(
        byte* codes,
        int sub,
        int row,
        int half,
        float* entry,
        ActivationBlock* x,
        ref TLanes sum0,
        ref TLanes sum1
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        entry += half * Group;
        TLayout.LoadHalf<TLanes>(
            codes,
            sub,
            half,
            row,
            out var a0,
            out var a1,
            out var a2,
            out var a3
        );
        TLanes b0 = default;
        TLanes b1 = default;
        TLanes b2 = default;
        TLanes b3 = default;
        if (BlockProduct.Second<TLanes>() > 0)
        {
            TLayout.LoadHalf<TLanes>(
                codes,
                sub,
                half,
                row + TLanes.Rows,
                out b0,
                out b1,
                out b2,
                out b3
            );
        }

        var quads = (int*)x + 4 * half;
        Dot<TLanes, TLayout>(
            a0,
            a1,
            a2,
            a3,
            b0,
            b1,
            b2,
            b3,
            quads,
            quads,
            out var dot0,
            out var dot1
        );
        var factor = TLanes.Broadcast(x->Scale);
        var scaledSum = TLanes.Broadcast((&x->ScaledSumFirst)[half]);
        var scale = TLanes.Load(entry);
        sum0 = TLanes.AddScaled(dot0, factor, scale, sum0);
        sum0 = TLanes.MultiplyAdd(
            BlockProduct.Minimum<TLanes, TLayout>(entry, scale),
            scaledSum,
            sum0
        );
        if (BlockProduct.Second<TLanes>() > 0)
        {
            entry += TLanes.Rows;
            scale = TLanes.Load(entry);
            sum1 = TLanes.AddScaled(dot1, factor, scale, sum1);
            sum1 = TLanes.MultiplyAdd(
                BlockProduct.Minimum<TLanes, TLayout>(entry, scale),
                scaledSum,
                sum1
            );
        }
    }

    /// <summary>Half a sub-block of two vectors of rows, which share the reads of activations, and some tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair<TLanes, TLayout>(
        byte* codes,
        int sub,
        int row,
        int half,
        float* entry,
        ActivationBlock* block,
        int tokens,
        float* target
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        var rows = TLanes.Rows;
        entry += half * Group;
        TLayout.LoadHalf<TLanes>(
            codes,
            sub,
            half,
            row,
            out var a0,
            out var a1,
            out var a2,
            out var a3
        );
        TLayout.LoadHalf<TLanes>(
            codes,
            sub,
            half,
            row + rows,
            out var b0,
            out var b1,
            out var b2,
            out var b3
        );
        var scale0 = TLanes.Load(entry);
        var scale1 = TLanes.Load(entry + rows);
        var minimum0 = BlockProduct.Minimum<TLanes, TLayout>(entry, scale0);
        var minimum1 = BlockProduct.Minimum<TLanes, TLayout>(entry + rows, scale1);
        for (var x = block; x < block + tokens; x++)
        {
            var quads = (int*)x + 4 * half;
            Dot<TLanes, TLayout>(
                a0,
                a1,
                a2,
                a3,
                b0,
                b1,
                b2,
                b3,
                quads,
                quads,
                out var dot0,
                out var dot1
            );
            var factor = TLanes.Broadcast(x->Scale);
            var scaledSum = TLanes.Broadcast((&x->ScaledSumFirst)[half]);
            var sum = TLanes.AddScaled(dot0, factor, scale0, TLanes.Load(target));
            TLanes.Store(TLanes.MultiplyAdd(minimum0, scaledSum, sum), target);
            sum = TLanes.AddScaled(dot1, factor, scale1, TLanes.Load(target + rows));
            TLanes.Store(TLanes.MultiplyAdd(minimum1, scaledSum, sum), target + rows);
            target += Group;
        }
    }

    /// <summary>
    /// A sub-block of one vector of rows and some tokens. A method of its own, since together with
    /// <see cref="AddPair"/> it would exceed what the compiler inlines.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWhole<TLanes, TLayout>(
        byte* codes,
        int sub,
        float* entry,
        ActivationBlock* block,
        int tokens,
        float* target
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        TLayout.LoadCodes<TLanes>(
            codes,
            sub,
            0,
            out var a0,
            out var a1,
            out var a2,
            out var a3,
            out var b0,
            out var b1,
            out var b2,
            out var b3
        );
        var scale0 = TLanes.Load(entry);
        var scale1 = TLanes.Load(entry + Group);
        var minimum0 = BlockProduct.Minimum<TLanes, TLayout>(entry, scale0);
        var minimum1 = BlockProduct.Minimum<TLanes, TLayout>(entry + Group, scale1);
        for (var x = block; x < block + tokens; x++)
        {
            var quads = (int*)x;
            Dot<TLanes, TLayout>(
                a0,
                a1,
                a2,
                a3,
                b0,
                b1,
                b2,
                b3,
                quads,
                quads + 4,
                out var dot0,
                out var dot1
            );
            var factor = TLanes.Broadcast(x->Scale);
            var sum = TLanes.AddScaled(dot0, factor, scale0, TLanes.Load(target));
            sum = TLanes.MultiplyAdd(minimum0, TLanes.Broadcast(x->ScaledSumFirst), sum);
            sum = TLanes.AddScaled(dot1, factor, scale1, sum);
            sum = TLanes.MultiplyAdd(minimum1, TLanes.Broadcast(x->ScaledSumSecond), sum);
            TLanes.Store(sum, target);
            target += Group;
        }
    }

    /// <summary>Two integer dots of four quads each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dot<TLanes, TLayout>(
        TLanes a0,
        TLanes a1,
        TLanes a2,
        TLanes a3,
        TLanes b0,
        TLanes b1,
        TLanes b2,
        TLanes b3,
        int* xa,
        int* xb,
        out TLanes dot0,
        out TLanes dot1
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        // Two vectors of rows meet the same quads; the two halves of one do not.
        var shared = BlockProduct.Second<TLanes>() > 0;
        if (TLanes.HasDot)
        {
            var x = TLanes.Broadcast(xa[0]);
            dot0 = TLanes.AddDot(TLanes.Zero, a0, x);
            dot1 = TLanes.AddDot(TLanes.Zero, b0, shared ? x : TLanes.Broadcast(xb[0]));
            x = TLanes.Broadcast(xa[1]);
            dot0 = TLanes.AddDot(dot0, a1, x);
            dot1 = TLanes.AddDot(dot1, b1, shared ? x : TLanes.Broadcast(xb[1]));
            x = TLanes.Broadcast(xa[2]);
            dot0 = TLanes.AddDot(dot0, a2, x);
            dot1 = TLanes.AddDot(dot1, b2, shared ? x : TLanes.Broadcast(xb[2]));
            x = TLanes.Broadcast(xa[3]);
            dot0 = TLanes.AddDot(dot0, a3, x);
            dot1 = TLanes.AddDot(dot1, b3, shared ? x : TLanes.Broadcast(xb[3]));
        }
        else
        {
            var x = TLanes.Broadcast(xa[0]);
            var pairs0 = TLanes.MultiplyPairs(a0, x);
            var pairs1 = TLanes.MultiplyPairs(b0, shared ? x : TLanes.Broadcast(xb[0]));
            x = TLanes.Broadcast(xa[1]);
            pairs0 = TLanes.AddPairs(pairs0, a1, x);
            pairs1 = TLanes.AddPairs(pairs1, b1, shared ? x : TLanes.Broadcast(xb[1]));
            x = TLanes.Broadcast(xa[2]);
            var more0 = TLanes.MultiplyPairs(a2, x);
            var more1 = TLanes.MultiplyPairs(b2, shared ? x : TLanes.Broadcast(xb[2]));
            x = TLanes.Broadcast(xa[3]);
            more0 = TLanes.AddPairs(more0, a3, x);
            more1 = TLanes.AddPairs(more1, b3, shared ? x : TLanes.Broadcast(xb[3]));
            if (TLayout.MaximumCode <= 31)
            {
                dot0 = TLanes.SumPairs(TLanes.AddShorts(pairs0, more0));
                dot1 = TLanes.SumPairs(TLanes.AddShorts(pairs1, more1));
            }
            else
            {
                dot0 = TLanes.AddIntegers(TLanes.SumPairs(pairs0), TLanes.SumPairs(more0));
                dot1 = TLanes.AddIntegers(TLanes.SumPairs(pairs1), TLanes.SumPairs(more1));
            }
        }
    }
}
