using Puna.Kernels.Elementwise;

namespace Puna.Kernels.Attention;

/// <summary><see cref="KvPageFormats.BF16"/>.</summary>
internal sealed unsafe class BF16PageFormat() : PlainPageFormat<ushort>("bf16", "BF16", Code)
{
    /// <summary>The format's number.</summary>
    public const ushort Code = 2;

    /// <inheritdoc/>
    protected override void Encode(float* from, ushort* to, int count) =>
        FloatConversion.F32ToBF16(new(from, count), new(to, count));

    /// <inheritdoc/>
    protected override void Decode(ushort* from, float* to, int count) =>
        FloatConversion.BF16ToF32(new(from, count), new(to, count));
}
