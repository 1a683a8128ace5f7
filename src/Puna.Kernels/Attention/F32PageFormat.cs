using System.Runtime.CompilerServices;

namespace Puna.Kernels.Attention;

/// <summary><see cref="KvPageFormats.F32"/>.</summary>
internal sealed unsafe class F32PageFormat() : PlainPageFormat<float>("f32", "F32", Code)
{
    /// <summary>The format's number.</summary>
    public const ushort Code = 0;

    /// <inheritdoc/>
    protected override void Encode(float* from, float* to, int count) =>
        Unsafe.CopyBlockUnaligned(to, from, (uint)count * sizeof(float));

    /// <inheritdoc/>
    protected override void Decode(float* from, float* to, int count) => Encode(from, to, count);

    /// <inheritdoc/>
    protected override void EncodeColumn(float* key, float* column, int headDim) =>
        PageColumns.Scatter(key, column, headDim);
}
