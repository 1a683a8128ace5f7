using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>What <see cref="BlockCodecs"/> asks of a format; lengths arrive checked.</summary>
internal interface IRowCodec
{
    /// <summary>Decodes whole blocks.</summary>
    void Decode(ReadOnlySpan<byte> row, Span<float> values);

    /// <summary>False when a scale (of a dense format: an element) is NaN or infinite.</summary>
    bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows);

    /// <summary>Fills whole blocks so that the values have mean 0 and the given standard deviation.</summary>
    void FillRandom(ref PhiloxRandom random, float deviation, Span<byte> rows);
}
