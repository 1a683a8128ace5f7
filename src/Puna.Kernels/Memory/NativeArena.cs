namespace Puna.Kernels.Memory;

/// <summary>
/// Memory for many buffers that live and die together, such as the matrices of a model. They lie side by side in large
/// chunks, which the system can back with huge pages: touching 90 MB of 4 KiB pages for the first time has been measured
/// at a third of a second. Not thread-safe.
/// </summary>
public sealed class NativeArena : IDisposable
{
    private const long ChunkBytes = 16L << 20;
    private const int Alignment = 64;
    private readonly List<NativeBuffer<byte>> _chunks = [];
    private readonly long _expected;
    private long _used;

    /// <summary>
    /// Makes an arena for buffers of <paramref name="expectedBytes"/> in all: they get one chunk, so that no part of a huge
    /// page is wasted between them. More is taken in further chunks.
    /// </summary>
    public NativeArena(long expectedBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedBytes);
        _expected = expectedBytes;
    }

    /// <summary>All memory taken, in order; what no buffer uses is zero.</summary>
    public IEnumerable<NativeSpan<byte>> Chunks => _chunks.Select(chunk => chunk.Span);

    /// <summary>A zeroed buffer, aligned to 64 bytes, that is freed with the arena.</summary>
    public NativeBuffer<T> Allocate<T>(long length)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        long bytes;
        unsafe
        {
            bytes = checked((length * sizeof(T) + Alignment - 1) / Alignment * Alignment);
        }

        if (_chunks.Count == 0 || _used + bytes > _chunks[^1].Length)
        {
            var size =
                _chunks.Count == 0 ? Math.Max(_expected, bytes) : Math.Max(ChunkBytes, bytes);
            _chunks.Add(new NativeBuffer<byte>(size));
            _used = 0;
        }

        var part = _chunks[^1].Span.Slice(_used, bytes);
        _used += bytes;
        return new NativeBuffer<T>(part.Cast<T>().Slice(0, length), bytes);
    }

    /// <summary>Frees all buffers.</summary>
    public void Dispose()
    {
        _chunks.ForEach(chunk => chunk.Dispose());
        _chunks.Clear();
        _used = 0;
    }
}
