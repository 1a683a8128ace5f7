namespace Puna.Kernels.Memory;

/// <summary>Counts the bytes of every living <see cref="NativeBuffer{T}"/> of the process.</summary>
public static class NativeMemoryMeter
{
    private static long s_bytes;

    /// <summary>Bytes allocated now.</summary>
    public static long Bytes => Interlocked.Read(ref s_bytes);

    internal static void Add(long bytes) => Interlocked.Add(ref s_bytes, bytes);
}
