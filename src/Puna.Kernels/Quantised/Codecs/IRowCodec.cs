using System.Runtime.InteropServices;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// How the rows of a weight format are stored. Decoding is mandatory; the rest derives from it. Stateless, hence safe to
/// share between threads. Lengths arrive checked: whole blocks, and as many elements as they hold.
/// </summary>
public interface IRowCodec
{
    /// <summary>Elements of one block; rows are a whole number of blocks.</summary>
    int BlockSize { get; }

    /// <summary>Bytes of one block.</summary>
    int BlockBytes { get; }

    /// <summary>Decodes whole blocks to f32.</summary>
    void Decode(ReadOnlySpan<byte> row, Span<float> values);

    /// <summary>
    /// False when a scale (of a dense format: an element) is NaN or infinite. Unless overridden, when an element is: a
    /// codec that looks at the scales alone is faster.
    /// </summary>
    bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows)
    {
        var values = new float[BlockSize];
        for (; !rows.IsEmpty; rows = rows[BlockBytes..])
        {
            Decode(rows[..BlockBytes], values);
            if (DenseRows.AnyHasBits(MemoryMarshal.Cast<float, uint>(values), 0x7F80_0000u))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Fills whole blocks so that the values have mean about 0 and the given standard deviation. Unless overridden,
    /// encodes bell-shaped random numbers.
    /// </summary>
    /// <exception cref="NotSupportedException">The codec neither encodes nor overrides this.</exception>
    void FillRandom(ref PhiloxRandom random, float deviation, Span<byte> rows)
    {
        if (this is not IRowEncoder encoder)
        {
            throw new NotSupportedException(
                "A codec that cannot encode has to make its random blocks itself."
            );
        }

        var values = new float[BlockSize];
        for (; !rows.IsEmpty; rows = rows[BlockBytes..])
        {
            foreach (ref var value in values.AsSpan())
            {
                value = DenseRows.NextBell(ref random) * deviation;
            }

            encoder.Encode(values, rows[..BlockBytes]);
        }
    }
}
