using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Puna.Kernels.Memory;

/// <summary>Brings memory nearer before it is read, where the processor takes such hints.</summary>
internal static unsafe class CacheLines
{
    /// <summary>Bytes of a line.</summary>
    public const int Bytes = 64;

    /// <summary>Asks for the line of an address, which may be any address: nothing is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    /// <summary>Asks for the lines of up to four times <see cref="Bytes"/> from an address at a line's begin or its half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address, int bytes)
    {
        Fetch(address);
        if (bytes > Bytes)
        {
            Fetch(address + Bytes);
        }

        if (bytes > 2 * Bytes)
        {
            Fetch(address + 2 * Bytes);
            Fetch(address + 3 * Bytes);
        }
    }
}
