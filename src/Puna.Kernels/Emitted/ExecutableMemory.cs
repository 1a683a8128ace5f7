using System.Runtime.InteropServices;

namespace Puna.Kernels.Emitted;

/// <summary>Machine code of this process's lifetime: pages are written first and made executable after, never both.</summary>
internal static unsafe partial class ExecutableMemory
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;
    private const int ProtectExecute = 4;
    private const int MapPrivate = 2;
    private const int MapAnonymous = 0x20;

    /// <summary>Copies code to fresh pages; null where the system refuses. Linux only.</summary>
    public static byte* Load(ReadOnlySpan<byte> code)
    {
        var length = (nuint)code.Length;
        var pages = Map(null, length, ProtectRead | ProtectWrite, MapPrivate | MapAnonymous, -1, 0);
        if (pages == (void*)-1)
        {
            return null;
        }

        code.CopyTo(new Span<byte>(pages, code.Length));
        if (Protect(pages, length, ProtectRead | ProtectExecute) != 0)
        {
            _ = Unmap(pages, length);
            return null;
        }

        return (byte*)pages;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(
        void* address,
        nuint length,
        int protection,
        int flags,
        int file,
        nint offset
    );

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
