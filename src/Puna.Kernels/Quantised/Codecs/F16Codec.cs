using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>IEEE half, little-endian. Encoding rounds to nearest even and saturates at 65504.</summary>
internal sealed class F16Codec : IRowEncoder
{
    /// <inheritdoc/>
    public int BlockSize => 1;

    /// <inheritdoc/>
    public int BlockBytes => 2;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = HalfScale.Read(row, 2 * i);
        }
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> values, Span<byte> row)
    {
        for (var i = 0; i < values.Length; i++)
        {
            // Math.Clamp lets NaN through.
            var limited = Math.Clamp(values[i], -HalfScale.Maximum, HalfScale.Maximum);
            BinaryPrimitives.WriteHalfLittleEndian(row[(2 * i)..], (Half)limited);
        }
    }

    /// <inheritdoc/>
    public bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows) =>
        !DenseRows.AnyHasBits(MemoryMarshal.Cast<byte, ushort>(rows), (ushort)0x7C00);

    /// <inheritdoc/>
    public void FillRandom(ref PhiloxRandom random, float deviation, Span<byte> rows)
    {
        for (var i = 0; i < rows.Length; i += 2)
        {
            HalfScale.Write(rows, i, DenseRows.NextBell(ref random) * deviation);
        }
    }
}
