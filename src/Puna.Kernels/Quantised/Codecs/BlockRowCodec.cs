using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Rows of blocks: walks the blocks of one codec.</summary>
internal class BlockRowCodec<TCodec> : IRowCodec
    where TCodec : struct, IBlockCodec
{
    /// <inheritdoc/>
    public int BlockSize => TCodec.BlockSize;

    /// <inheritdoc/>
    public int BlockBytes => TCodec.BlockBytes;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        while (!row.IsEmpty)
        {
            TCodec.Decode(row[..TCodec.BlockBytes], values[..TCodec.BlockSize]);
            row = row[TCodec.BlockBytes..];
            values = values[TCodec.BlockSize..];
        }
    }

    /// <inheritdoc/>
    public bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows)
    {
        var finite = true;
        while (!rows.IsEmpty)
        {
            finite &= TCodec.HasFiniteScales(rows[..TCodec.BlockBytes]);
            rows = rows[TCodec.BlockBytes..];
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
        values = values[..TCodec.BlockSize];
        random.Fill(rows);
        while (!rows.IsEmpty)
        {
            var block = rows[..TCodec.BlockBytes];
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
                squares > 0 ? deviation / MathF.Sqrt(squares / TCodec.BlockSize) : deviation
            );
            rows = rows[TCodec.BlockBytes..];
        }
    }
}
