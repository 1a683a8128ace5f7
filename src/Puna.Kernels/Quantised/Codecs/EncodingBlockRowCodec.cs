using Puna.Kernels.Formats;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Rows of blocks that can be written too.</summary>
internal sealed class EncodingBlockRowCodec<TCodec> : BlockRowCodec<TCodec>, IRowEncoder
    where TCodec : struct, IBlockEncoder
{
    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> values, Span<byte> row)
    {
        var size = TCodec.Format.BlockSize();
        var bytes = TCodec.Format.BlockBytes();
        while (!values.IsEmpty)
        {
            TCodec.Encode(values[..size], row[..bytes]);
            values = values[size..];
            row = row[bytes..];
        }
    }
}
