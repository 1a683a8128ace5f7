using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Activations;

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
        var scale = Largest(x0, x1, x2, x3) / 127;
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
        SumPairs(first, out var first01, out var first23);
        SumPairs(second, out var second01, out var second23);
        var firstSum = first01 + first23;
        var secondSum = second01 + second23;
        block->ScaledSum = scale * (firstSum + secondSum);
        block->ScaledSumFirst = scale * firstSum;
        block->ScaledSumSecond = scale * secondSum;
        block->ByteOffset = -128 * (firstSum + secondSum);
        block->PairOffset =
            ((-8 * (first01 + second01)) & 0xFFFF) | (-8 * (first23 + second23) << 16);
    }

    /// <summary>Sums of the codes with column mod 4 in {0, 1} and in {2, 3}.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumPairs(Vector256<short> codes, out int sum01, out int sum23)
    {
        var pairs = ((codes.AsInt32() << 16) >> 16) + (codes.AsInt32() >> 16);
        var four = pairs.GetLower() + pairs.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        sum01 = two[0];
        sum23 = two[1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Codes(Vector256<float> x, Vector256<float> unit)
    {
        // Only with a subnormal unit, which is coarse, can a quotient lie beyond 127.
        var limit = Vector256.Create(127f);
        var code = Vector256.Round(x / unit);
        return Vector256.ConvertToInt32Native(
            Vector256.MaxNative(Vector256.MinNative(code, limit), -limit)
        );
    }

    /// <summary>The largest magnitude; as bit patterns, NaN is above infinity and infinity above all numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(
        Vector256<float> x0,
        Vector256<float> x1,
        Vector256<float> x2,
        Vector256<float> x3
    )
    {
        var magnitude = Vector256.Create(0x7FFFFFFF);
        var eight = Vector256.Max(
            Vector256.Max(x0.AsInt32() & magnitude, x1.AsInt32() & magnitude),
            Vector256.Max(x2.AsInt32() & magnitude, x3.AsInt32() & magnitude)
        );
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2)));
        return BitConverter.Int32BitsToSingle(four.ToScalar());
    }
}
