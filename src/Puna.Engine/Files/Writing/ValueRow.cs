using System.Runtime.InteropServices;

namespace Puna.Engine.Files.Writing;

/// <summary>One row of given f32 values, written as F32.</summary>
internal sealed class ValueRow(float[] values) : IRowSource
{
    public void Fill(long row, Span<byte> target, Span<float> scratch) =>
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(target);
}
