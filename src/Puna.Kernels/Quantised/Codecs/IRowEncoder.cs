namespace Puna.Kernels.Quantised.Codecs;

/// <summary>A codec that can write rows too.</summary>
public interface IRowEncoder : IRowCodec
{
    /// <summary>
    /// Encodes whole blocks. Scales are always finite: what lies beyond a format's range saturates, NaN counts as zero
    /// (dense formats keep NaN).
    /// </summary>
    void Encode(ReadOnlySpan<float> values, Span<byte> row);
}
