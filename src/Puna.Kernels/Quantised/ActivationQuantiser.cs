using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Matrices;

namespace Puna.Kernels.Quantised;

/// <summary>
/// Rounds a row to int8 in blocks of 32: scale = largest magnitude / 127, code = nearest whole number of x / scale, ties
/// to even. A block that holds NaN gets a NaN scale, one that holds an infinity an infinite scale, hence products that
/// are not finite; nothing else is disturbed.
/// </summary>
internal static unsafe class ActivationQuantiser
{
    /// <summary>Quantises one row.</summary>
    /// <param name="source">The row.</param>
    /// <param name="columns">Columns; the last block is filled up with zeros.</param>
    /// <param name="blocks">Where the first block goes.</param>
    /// <param name="stride">Blocks from one block of the row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* source, int columns, ActivationBlock* blocks, nint stride)
    {
        while (columns >= ActivationBlock.Columns)
        {
            Block(source, blocks);
            source += ActivationBlock.Columns;
            blocks += stride;
            columns -= ActivationBlock.Columns;
        }

        if (columns > 0)
        {
            var last = stackalloc float[ActivationBlock.Columns];
            var span = new Span<float>(last, ActivationBlock.Columns);
            new ReadOnlySpan<float>(source, columns).CopyTo(span);
            span[columns..].Clear();
            Block(last, blocks);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(float* source, ActivationBlock* block)
    {
        var x0 = Vector256.Load(source);
        var x1 = Vector256.Load(source + 8);
        var x2 = Vector256.Load(source + 16);
        var x3 = Vector256.Load(source + 24);
        var largest = Largest(
            Vector256.Max(
                Vector256.Max(Vector256.Abs(x0), Vector256.Abs(x1)),
                Vector256.Max(Vector256.Abs(x2), Vector256.Abs(x3))
            )
        );
        var scale = largest / 127;
        block->Scale = scale;
        if (!(scale > 0 && float.IsFinite(scale)))
        {
            // Zeros, or nothing that can be scaled: zero codes, and a scale that keeps NaN and infinity visible.
            Vector256<sbyte>.Zero.Store((sbyte*)block);
            block->ScaledSum = scale * 0;
            block->ScaledSumFirst = scale * 0;
            block->ScaledSumSecond = scale * 0;
            block->PairOffset = 0;
            block->ByteOffset = 0;
            return;
        }

        var unit = Vector256.Create(scale);
        var first = Vector256.Narrow(Codes(x0, unit), Codes(x1, unit));
        var second = Vector256.Narrow(Codes(x2, unit), Codes(x3, unit));
        Vector256.Narrow(first, second).Store((sbyte*)block);
        var firstSum = Vector256.Sum(first);
        var secondSum = Vector256.Sum(second);
        block->ScaledSum = scale * (firstSum + secondSum);
        block->ScaledSumFirst = scale * firstSum;
        block->ScaledSumSecond = scale * secondSum;
        block->ByteOffset = -128 * (firstSum + secondSum);

        // Element i of the fold belongs to the columns whose number mod 8 is i.
        var folded = first + second;
        var half = folded.GetLower() + folded.GetUpper();
        var low = half[0] + half[1] + half[4] + half[5];
        var high = half[2] + half[3] + half[6] + half[7];
        block->PairOffset = ((-8 * low) & 0xFFFF) | (-8 * high << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Codes(Vector256<float> x, Vector256<float> unit)
    {
        var limit = Vector256.Create(127f);
        var code = Vector256.Round(x / unit);
        return Vector256.ConvertToInt32Native(Vector256.Max(Vector256.Min(code, limit), -limit));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<float> magnitudes)
    {
        var four = Vector128.Max(magnitudes.GetLower(), magnitudes.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }
}
