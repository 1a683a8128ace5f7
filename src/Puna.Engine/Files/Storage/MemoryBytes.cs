using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Storage;

/// <summary>Bytes in memory that somebody else owns and keeps.</summary>
/// <param name="bytes">The memory.</param>
internal sealed class MemoryBytes(NativeSpan<byte> bytes) : StoredBytes(bytes.Length)
{
    /// <inheritdoc/>
    internal override void Read(long offset, Span<byte> target) =>
        bytes.Slice(offset, target.Length).Span.CopyTo(target);
}
