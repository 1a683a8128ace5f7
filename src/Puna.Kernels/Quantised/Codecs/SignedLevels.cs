using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>The integers -2^(bits - 1) to 2^(bits - 1) - 1.</summary>
internal readonly struct SignedLevels(int bits) : ICodeLevels
{
    private readonly float _half = 1 << (bits - 1);

    /// <inheritdoc/>
    public float Lowest => -_half;

    /// <inheritdoc/>
    public Vector256<float> Nearest(Vector256<float> scaled) =>
        Vector256.Clamp(
            Vector256.Round(scaled),
            Vector256.Create(-_half),
            Vector256.Create(_half - 1)
        );

    /// <inheritdoc/>
    public byte Code(float level) => (byte)(int)(level + _half);
}
