namespace Puna.Kernels.Quantised.Codecs;

/// <summary>A block format that can be written too.</summary>
internal interface IBlockEncoder : IBlockCodec
{
    /// <summary>
    /// Encodes a block. Any input gives a block with finite scales: values beyond the format's range saturate, NaN
    /// counts as zero.
    /// </summary>
    static abstract void Encode(ReadOnlySpan<float> values, Span<byte> block);
}
