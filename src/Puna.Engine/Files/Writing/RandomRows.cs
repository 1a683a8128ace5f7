using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Writing;

/// <summary>Random rows of any format, the same for the same seed whatever the number of threads.</summary>
internal sealed class RandomRows(WeightFormat format, ulong seed) : IRowSource
{
    // Steele, Lea and Flood's odd constant: seeds of neighbouring rows lie far apart.
    private const ulong Golden = 0x9E3779B97F4A7C15;

    public void Fill(long row, Span<byte> target, Span<float> scratch) =>
        format.FillRandom(unchecked(seed + (ulong)row * Golden), target);
}
