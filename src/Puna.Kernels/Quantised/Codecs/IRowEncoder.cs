namespace Puna.Kernels.Quantised.Codecs;

/// <summary>A format that <see cref="BlockCodecs"/> can write.</summary>
internal interface IRowEncoder
{
    /// <summary>Encodes whole blocks.</summary>
    void Encode(ReadOnlySpan<float> values, Span<byte> row);
}
