using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Attention;

/// <summary>Which slots of a page a query may see: valid, at or before its position, inside its window.</summary>
internal static unsafe class PageMasks
{
    /// <summary>Every slot.</summary>
    public const uint Full = uint.MaxValue;

    /// <summary>Lowest and highest effective position of the valid slots, of which there is at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (long Lowest, long Highest) Range(in KvPageRef page)
    {
        var positions = page.Positions.Pointer;
        var lowest = int.MaxValue;
        var highest = int.MinValue;
        if (page.Valid == Full)
        {
            var low = Vector256.Load(positions);
            var high = low;
            for (var slot = 8; slot < KvPageRef.Slots; slot += 8)
            {
                var here = Vector256.Load(positions + slot);
                low = Vector256.Min(low, here);
                high = Vector256.Max(high, here);
            }

            // One vector gives both ends: the greatest of -1 - x belongs to the least x.
            var ends = Vector256.Create(
                Vector128.Max(~low.GetLower(), ~low.GetUpper()),
                Vector128.Max(high.GetLower(), high.GetUpper())
            );
            ends = Vector256.Max(
                ends,
                Vector256.Shuffle(ends, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5))
            );
            ends = Vector256.Max(
                ends,
                Vector256.Shuffle(ends, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6))
            );
            lowest = ~ends[0];
            highest = ends[4];
        }
        else
        {
            for (var bits = page.Valid; bits != 0; bits &= bits - 1)
            {
                var position = positions[BitOperations.TrailingZeroCount(bits)];
                lowest = Math.Min(lowest, position);
                highest = Math.Max(highest, position);
            }
        }

        return ((long)lowest + page.Offset, (long)highest + page.Offset);
    }

    /// <summary>Slots that a query at <paramref name="position"/> sees; a window of 0 has no lower end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Visible(in KvPageRef page, int position, int window)
    {
        var positions = page.Positions.Pointer;
        var last = (long)position - page.Offset;
        var below = window > 0 ? last - window : long.MinValue;
        var lastLanes = Vector128.Create((int)Math.Clamp(last, int.MinValue, int.MaxValue));
        var belowLanes = Vector128.Create((int)Math.Clamp(below, int.MinValue, int.MaxValue));
        var visible = 0u;
        for (var slot = 0; slot < KvPageRef.Slots; slot += 4)
        {
            var here = Vector128.Load(positions + slot);
            var seen = Vector128.LessThanOrEqual(here, lastLanes);
            if (window > 0)
            {
                seen &= Vector128.GreaterThan(here, belowLanes);
            }

            visible |= seen.ExtractMostSignificantBits() << slot;
        }

        return last < int.MinValue ? 0 : visible & page.Valid;
    }
}
