using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>IEEE single, little-endian.</summary>
internal sealed class F32Codec : IRowEncoder
{
    /// <inheritdoc/>
    public int BlockSize => 1;

    /// <inheritdoc/>
    public int BlockBytes => 4;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            row.CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(row[(4 * i)..]);
        }
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> values, Span<byte> row)
    {
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(row);
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(row[(4 * i)..], values[i]);
        }
    }

    /// <inheritdoc/>
    public bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows) =>
        !DenseRows.AnyHasBits(MemoryMarshal.Cast<byte, uint>(rows), 0x7F80_0000u);

    /// <inheritdoc/>
    public void FillRandom(ref PhiloxRandom random, float deviation, Span<byte> rows)
    {
        for (var i = 0; i < rows.Length; i += 4)
        {
            BinaryPrimitives.WriteSingleLittleEndian(
                rows[i..],
                DenseRows.NextBell(ref random) * deviation
            );
        }
    }
}
