namespace Puna.Kernels.Memory;

/// <summary>What can stand under a path.</summary>
public enum FileNodeKind
{
    /// <summary>A file with content of its own.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A device of characters, such as a terminal or <c>/dev/null</c>.</summary>
    CharacterDevice,

    /// <summary>A device of blocks, such as a disk.</summary>
    BlockDevice,

    /// <summary>A named pipe.</summary>
    Pipe,

    /// <summary>A socket.</summary>
    Socket,
}
