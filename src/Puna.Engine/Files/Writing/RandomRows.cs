using Puna.Kernels.Formats;
using Puna.Kernels.Quantised.Codecs;

namespace Puna.Engine.Files.Writing;

/// <summary>Random rows of any format, the same for the same seed whatever the number of threads.</summary>
internal sealed class RandomRows(ElementFormat format, ulong seed) : IRowSource
{
    // Steele, Lea and Flood's odd constant: seeds of neighbouring rows lie far apart.
    private const ulong Golden = 0x9E3779B97F4A7C15;

    public void Fill(long row, Span<byte> target, Span<float> scratch) =>
        BlockCodecs.FillRandom(format, unchecked(seed + (ulong)row * Golden), target);
}
