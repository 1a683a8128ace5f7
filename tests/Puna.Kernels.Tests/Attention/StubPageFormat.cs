using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Tests.Attention;

/// <summary>Pages of F32 numbers whose keys are widened by a stub.</summary>
internal sealed class StubPageFormat(Action<NativeSpan<float>> widenKeys)
    : KvPageFormat("stub", "Stub")
{
    public override int KeyBytes(int headDim) => KvPageFormats.F32.KeyBytes(headDim);

    public override int ValueBytes(int headDim) => KvPageFormats.F32.ValueBytes(headDim);

    public override void WidenKeys(NativeSpan<byte> page, int headDim, NativeSpan<float> to) =>
        widenKeys(to);

    public override void WidenValues(NativeSpan<byte> page, int headDim, NativeSpan<float> to) =>
        KvPageFormats.F32.WidenValues(page, headDim, to);
}
