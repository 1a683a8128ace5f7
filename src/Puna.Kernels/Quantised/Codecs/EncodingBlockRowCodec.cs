namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Rows of blocks that can be written too.</summary>
internal sealed class EncodingBlockRowCodec<TCodec> : BlockRowCodec<TCodec>, IRowEncoder
    where TCodec : struct, IBlockEncoder
{
    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> values, Span<byte> row)
    {
        while (!values.IsEmpty)
        {
            TCodec.Encode(values[..TCodec.BlockSize], row[..TCodec.BlockBytes]);
            values = values[TCodec.BlockSize..];
            row = row[TCodec.BlockBytes..];
        }
    }
}
