using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Puna.Kernels.Quantised.Codecs;

namespace Puna.Testing;

/// <summary>
/// A format that the engine knows nothing of: f32 scale d and 32 signed bytes q, value = d * q, d = largest / 127.
/// </summary>
public sealed class RowScaledBytes : IRowEncoder
{
    /// <inheritdoc/>
    public int BlockSize => 32;

    /// <inheritdoc/>
    public int BlockBytes => 36;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            var block = row.Slice(index / BlockSize * BlockBytes, BlockBytes);
            var codes = MemoryMarshal.Cast<byte, sbyte>(block[4..]);
            values[index] =
                BinaryPrimitives.ReadSingleLittleEndian(block) * codes[index % BlockSize];
        }
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> values, Span<byte> row)
    {
        for (; !values.IsEmpty; values = values[BlockSize..], row = row[BlockBytes..])
        {
            var largest = 0f;
            foreach (var value in values[..BlockSize])
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            BinaryPrimitives.WriteSingleLittleEndian(row, largest / 127);
            for (var index = 0; index < BlockSize; index++)
            {
                var code = largest > 0 ? MathF.Round(values[index] / largest * 127) : 0;
                row[4 + index] = (byte)(sbyte)code;
            }
        }
    }
}
