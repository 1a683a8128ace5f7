using System.Numerics;
using System.Runtime.InteropServices;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>What the dense codecs share.</summary>
internal static class DenseRows
{
    /// <summary>True when some element has all the bits of <paramref name="mask"/>: an exponent of all ones is NaN or infinity.</summary>
    public static bool AnyHasBits<T>(ReadOnlySpan<T> elements, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var masks = new Vector<T>(mask);
        var vectors = MemoryMarshal.Cast<T, Vector<T>>(elements);
        var found = Vector<T>.Zero;
        foreach (ref readonly var vector in vectors)
        {
            found |= Vector.Equals(vector & masks, masks);
        }

        if (found != Vector<T>.Zero)
        {
            return true;
        }

        foreach (var element in elements[(vectors.Length * Vector<T>.Count)..])
        {
            if ((element & mask) == mask)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// A bell-shaped number of mean 0 and variance 1: the sum of four uniform 16-bit numbers (Irwin-Hall; the variance
    /// of one is 1/12, hence of the sum 1/3), which needs no logarithm.
    /// </summary>
    public static float NextBell(ref PhiloxRandom random)
    {
        var bits = random.NextUInt64();
        var sum =
            (int)(bits & 0xFFFF)
            + (int)((bits >> 16) & 0xFFFF)
            + (int)((bits >> 32) & 0xFFFF)
            + (int)(bits >> 48);
        return (sum - (2 * 65535)) * (1.7320508f / 65536);
    }
}
