using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>The bytes of one block, seen as the pages of its banks and heads.</summary>
internal readonly struct KvBlock(KvCacheShape shape, NativeSpan<byte> bytes)
{
    public NativeSpan<int> Positions =>
        bytes.Slice(shape.PositionsOffset, KvPageRef.Slots * sizeof(int)).Cast<int>();

    public NativeSpan<byte> Keys(int bank, int head) =>
        bytes.Slice(shape.KeyOffset(bank, head), shape.KeyBytes(bank));

    public NativeSpan<byte> Values(int bank, int head) =>
        bytes.Slice(shape.ValueOffset(bank, head), shape.ValueBytes(bank));
}
