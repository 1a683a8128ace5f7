using Puna.Kernels.Formats;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Rows of blocks: walks the blocks of one codec.</summary>
internal class BlockRowCodec<TCodec> : IRowCodec
    where TCodec : struct, IBlockCodec
{
    private static readonly int Size = TCodec.Format.BlockSize();
    private static readonly int Bytes = TCodec.Format.BlockBytes();

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        while (!row.IsEmpty)
        {
            TCodec.Decode(row[..Bytes], values[..Size]);
            row = row[Bytes..];
            values = values[Size..];
        }
    }

    /// <inheritdoc/>
    public bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows)
    {
        var finite = true;
        while (!rows.IsEmpty)
        {
            finite &= TCodec.HasFiniteScales(rows[..Bytes]);
            rows = rows[Bytes..];
        }

        return finite;
    }

    /// <summary>
    /// Random bytes are valid codes in every format; the scale is then set from the root mean square that the codes
    /// have at scale 1, so that each block has the wanted deviation whatever its sub-scales came out as.
    /// </summary>
    public void FillRandom(ref PhiloxRandom random, float deviation, Span<byte> rows)
    {
        Span<float> values = stackalloc float[256];
        values = values[..Size];
        random.Fill(rows);
        while (!rows.IsEmpty)
        {
            var block = rows[..Bytes];
            TCodec.RepairCodes(block);
            TCodec.SetScale(block, 1);
            TCodec.Decode(block, values);
            var squares = 0f;
            foreach (var value in values)
            {
                squares += value * value;
            }

            TCodec.SetScale(
                block,
                squares > 0 ? deviation / MathF.Sqrt(squares / Size) : deviation
            );
            rows = rows[Bytes..];
        }
    }
}
