using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Cache;

/// <summary>The bytes of another format under a name of its own: the kernel must have them widened.</summary>
internal sealed class WrappedFormat(KvSlotFormat inner, string id) : KvSlotFormat(id, id)
{
    public override int KeyBytes(int headDim) => inner.KeyBytes(headDim);

    public override int ValueBytes(int headDim) => inner.ValueBytes(headDim);

    public override void WidenKeys(NativeSpan<byte> page, int headDim, NativeSpan<float> to) =>
        inner.WidenKeys(page, headDim, to);

    public override void WidenValues(NativeSpan<byte> page, int headDim, NativeSpan<float> to) =>
        inner.WidenValues(page, headDim, to);

    public override void WriteKeys(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    ) => inner.WriteKeys(page, headDim, firstSlot, count, rows, rowStride);

    public override void WriteValues(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    ) => inner.WriteValues(page, headDim, firstSlot, count, rows, rowStride);

    public override void CopyKey(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    ) => inner.CopyKey(from, fromSlot, to, toSlot, headDim);

    public override void CopyValue(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    ) => inner.CopyValue(from, fromSlot, to, toSlot, headDim);
}
