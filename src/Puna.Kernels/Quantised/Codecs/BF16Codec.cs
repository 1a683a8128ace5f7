using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>The upper half of an IEEE single. Encoding rounds to nearest even and saturates at the largest finite value.</summary>
internal sealed class BF16Codec : IRowEncoder
{
    private const uint LargestFinite = 0x7F7F;

    /// <inheritdoc/>
    public int BlockSize => 1;

    /// <inheritdoc/>
    public int BlockBytes => 2;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var bits = (uint)BinaryPrimitives.ReadUInt16LittleEndian(row[(2 * i)..]) << 16;
            values[i] = BitConverter.UInt32BitsToSingle(bits);
        }
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> values, Span<byte> row)
    {
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(row[(2 * i)..], Round(values[i]));
        }
    }

    /// <inheritdoc/>
    public bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows) =>
        !DenseRows.AnyHasBits(MemoryMarshal.Cast<byte, ushort>(rows), (ushort)0x7F80);

    /// <inheritdoc/>
    public void FillRandom(ref PhiloxRandom random, float deviation, Span<byte> rows)
    {
        for (var i = 0; i < rows.Length; i += 2)
        {
            var value = DenseRows.NextBell(ref random) * deviation;
            BinaryPrimitives.WriteUInt16LittleEndian(rows[i..], Round(value));
        }
    }

    private static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            // Rounding could carry a NaN's payload away and leave an infinity: set the quiet bit instead.
            return (ushort)((bits >> 16) | 0x40);
        }

        var magnitude = bits & 0x7FFF_FFFF;
        var rounded = (magnitude + 0x7FFF + ((magnitude >> 16) & 1)) >> 16;
        return (ushort)(((bits >> 16) & 0x8000) | Math.Min(rounded, LargestFinite));
    }
}
