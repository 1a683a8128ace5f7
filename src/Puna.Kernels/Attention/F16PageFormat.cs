using Puna.Kernels.Elementwise;

namespace Puna.Kernels.Attention;

/// <summary><see cref="KvPageFormats.F16"/>.</summary>
internal sealed unsafe class F16PageFormat() : PlainPageFormat<ushort>("f16", "F16", Code)
{
    /// <summary>The format's number.</summary>
    public const ushort Code = 1;

    /// <inheritdoc/>
    protected override void Encode(float* from, ushort* to, int count) =>
        FloatConversion.F32ToF16(new(from, count), new(to, count));

    /// <inheritdoc/>
    protected override void Decode(ushort* from, float* to, int count) =>
        FloatConversion.F16ToF32(new(from, count), new(to, count));
}
