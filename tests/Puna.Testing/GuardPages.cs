using System.Runtime.InteropServices;

namespace Puna.Testing;

/// <summary>Pages from the system, and pages that fault when touched. Linux only.</summary>
internal static unsafe partial class GuardPages
{
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 1 | 2;
    private const int MapPrivateAnonymous = 2 | 32;

    public static byte* Map(nuint size)
    {
        var pages = MapMemory(null, size, ProtectReadWrite, MapPrivateAnonymous, -1, 0);
        return (nint)pages == -1
            ? throw new InvalidOperationException("mmap failed.")
            : (byte*)pages;
    }

    public static void Unmap(byte* pages, nuint size) => _ = UnmapMemory(pages, size);

    public static void Protect(byte* start, int length)
    {
        if (ProtectMemory(start, (nuint)length, ProtectNone) != 0)
        {
            throw new InvalidOperationException("mprotect failed.");
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* MapMemory(
        void* address,
        nuint length,
        int protection,
        int flags,
        int file,
        nint offset
    );

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int ProtectMemory(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int UnmapMemory(void* address, nuint length);
}
