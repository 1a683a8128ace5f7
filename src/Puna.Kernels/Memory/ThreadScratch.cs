namespace Puna.Kernels.Memory;

/// <summary>
/// Work space of a thread that is too large for its stack: allocated at first use, kept as long as the thread lives. One
/// user at a time: what runs inside another's use must not take it.
/// </summary>
internal static unsafe class ThreadScratch
{
    [ThreadStatic]
    private static NativeBuffer<float>? t_memory;

    /// <summary>At least <paramref name="count"/> floats from a cache line's begin on, of any content.</summary>
    public static float* Floats(int count)
    {
        if (t_memory is null || t_memory.Length < count)
        {
            t_memory?.Dispose();
            // In one page of 2 MiB: the packed rows are walked in full for every panel of weights.
            t_memory = new NativeBuffer<float>(count, hugePages: true);
        }

        return t_memory.Span.Pointer;
    }
}
