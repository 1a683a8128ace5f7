using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Storage;

/// <summary>A file that a user named, mapped for reading.</summary>
internal static class InputFile
{
    /// <summary>Maps a regular file that has content.</summary>
    /// <exception cref="InputException">There is none, or it cannot be read.</exception>
    public static MappedFile Map(string path)
    {
        try
        {
            if (path.Contains('\0', StringComparison.Ordinal))
            {
                throw new InputException("A path with a zero character names no file.");
            }

            // Devices and pipes have no length; opening a pipe would wait for a writer.
            var found = new FileInfo(path);
            if (!found.Exists)
            {
                throw new InputException(
                    Directory.Exists(path)
                        ? $"'{path}' is a folder where a file is needed."
                        : $"There is no file '{path}'."
                );
            }

            if (found.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            {
                found = target;
            }

            return found.Length > 0
                ? MappedFile.Open(path)
                : throw new InputException($"'{path}' is empty.");
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException($"'{path}' cannot be read: {fault.Message}", fault);
        }
    }
}
