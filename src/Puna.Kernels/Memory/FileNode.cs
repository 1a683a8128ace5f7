using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Puna.Kernels.Memory;

/// <summary>
/// What stands under a path, behind all links. On Linux two paths with equal nodes are one file; elsewhere the system
/// tells only files from folders, and the number is 0.
/// </summary>
/// <param name="Kind">File, folder, device, pipe or socket.</param>
/// <param name="Device">Number of the file system.</param>
/// <param name="Number">Number of the inode, or 0 where it is not known.</param>
public readonly partial record struct FileNode(FileNodeKind Kind, ulong Device, ulong Number)
{
    private const int CurrentFolder = -100;
    private const uint BasicFields = 0x7FF;

    // struct statx is the same on every processor: 256 bytes.
    private const int StatusBytes = 256;
    private const int ModeOffset = 28;
    private const int NumberOffset = 32;
    private const int DeviceOffset = 136;
    private const int KindMask = 0xF000;

    /// <summary>The node of a path, or null where nothing is seen under it: it is absent, or a folder above it is closed.</summary>
    public static FileNode? Of(string path)
    {
        path = Path.GetFullPath(path);
        if (!OperatingSystem.IsLinux())
        {
            return Directory.Exists(path) ? new FileNode(FileNodeKind.Folder, 0, 0)
                : File.Exists(path) ? new FileNode(FileNodeKind.Regular, 0, 0)
                : null;
        }

        Span<byte> status = stackalloc byte[StatusBytes];
        return Status(CurrentFolder, path, 0, BasicFields, status) == 0
            ? new FileNode(
                KindOf(BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..])),
                BinaryPrimitives.ReadUInt64LittleEndian(status[DeviceOffset..]),
                BinaryPrimitives.ReadUInt64LittleEndian(status[NumberOffset..])
            )
            : null;
    }

    private static FileNodeKind KindOf(int mode) =>
        (mode & KindMask) switch
        {
            0x1000 => FileNodeKind.Pipe,
            0x2000 => FileNodeKind.CharacterDevice,
            0x4000 => FileNodeKind.Folder,
            0x6000 => FileNodeKind.BlockDevice,
            0xC000 => FileNodeKind.Socket,
            _ => FileNodeKind.Regular,
        };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(
        int folder,
        string path,
        int flags,
        uint mask,
        Span<byte> status
    );
}
