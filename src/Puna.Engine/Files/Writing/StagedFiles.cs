using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Writing;

/// <summary>
/// Files that replace their predecessors together and only when complete: each is written under a temporary name beside
/// the place that its links lead to, flushed to disk, and renamed by <see cref="Commit"/>; it keeps the mode of the file
/// that it replaces. Without it, disposing removes the temporary files and the folders that were made, and the old files
/// stay as they were.
/// </summary>
public sealed class StagedFiles : IDisposable
{
    private readonly List<OutputFile> _files = [];
    private readonly List<string> _folders = [];
    private readonly List<string> _obsolete = [];
    private readonly PartialFiles _partial;

    /// <summary>Begins with no file.</summary>
    public StagedFiles()
        : this(PartialFiles.OfProcess) { }

    internal StagedFiles(PartialFiles partial) => _partial = partial;

    /// <summary>Starts a file.</summary>
    /// <param name="path">The name that it will have.</param>
    /// <param name="write">Writes the content; whatever it throws leaves the old file alone.</param>
    /// <exception cref="InputException">The folder is missing, the disk is full, writing is not allowed, or what stands there is no regular file.</exception>
    public void Write(string path, Action<Stream> write) => Write(OutputFile.At(path), write);

    /// <summary>Starts a file.</summary>
    /// <param name="file">Where it will stand.</param>
    /// <param name="write">Writes the content; whatever it throws leaves the old file alone.</param>
    /// <exception cref="InputException">The folder is missing, the disk is full, or writing is not allowed.</exception>
    public void Write(OutputFile file, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(write);
        var folder = Path.GetDirectoryName(file.Target);
        if (!Directory.Exists(folder))
        {
            throw new InputException(
                $"'{file.Path}' cannot be written: there is no folder '{folder}'."
            );
        }

        try
        {
            using var stream = _partial.Create(file.Target, Mode(file.Target));
            _files.Add(file);
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException || IsTooLarge(fault))
        {
            throw Failure(file, fault);
        }
    }

    /// <summary>Makes a folder, and those above it, where there is none; disposing removes those that stayed empty.</summary>
    /// <exception cref="InputException">Something else stands there, or it cannot be made.</exception>
    public void MakeFolder(string path)
    {
        var target = FinalPath.Of(path);
        if (FileNode.Of(path) is { } found)
        {
            if (found.Kind != FileNodeKind.Folder)
            {
                throw new InputException(
                    $"'{path}' is {OutputFile.Name(found.Kind)} where a folder is to be written."
                );
            }

            return;
        }

        var missing = new Stack<string>();
        for (var at = target; at is not null && !Directory.Exists(at); )
        {
            missing.Push(at);
            at = Path.GetDirectoryName(at);
        }

        try
        {
            foreach (var folder in missing)
            {
                _partial.MakeFolder(folder);
                _folders.Add(folder);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The folder '{path}' cannot be made: {fault.Message}", fault);
        }
    }

    /// <summary>True when a file that was started will stand under a path.</summary>
    internal bool Writes(string path)
    {
        var target = FinalPath.Of(path);
        return _files.Any(file => file.Target == target);
    }

    /// <summary>Removes a file, or a link to one, as soon as the new files have their names.</summary>
    internal void Remove(string path) => _obsolete.Add(path);

    /// <summary>Gives every file its name, and removes what is obsolete.</summary>
    /// <exception cref="InputException">A file could not be renamed or removed.</exception>
    /// <exception cref="OperationCanceledException">The process is ending.</exception>
    public void Commit()
    {
        _partial.Commit(() =>
        {
            foreach (var file in _files)
            {
                Rename(file);
            }

            foreach (var path in _obsolete)
            {
                Delete(path);
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            _partial.Release(file.Target);
        }

        foreach (var folder in Enumerable.Reverse(_folders))
        {
            _partial.ReleaseFolder(folder);
        }
    }

    private static UnixFileMode? Mode(string path) =>
        File.Exists(path) && !OperatingSystem.IsWindows() ? File.GetUnixFileMode(path) : null;

    private static void Rename(OutputFile file)
    {
        try
        {
            File.Move(PartialFiles.PathOf(file.Target), file.Target, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Failure(file, fault);
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"The new files are written, but '{path}' of the old ones cannot be removed: {fault.Message}",
                fault
            );
        }
    }

    // What the runtime says when a write goes beyond the largest file that the system or ulimit -f allows.
    private static bool IsTooLarge(Exception fault) =>
        fault is ArgumentOutOfRangeException { ParamName: "value" };

    private static InputException Failure(OutputFile file, Exception fault)
    {
        var kept = File.Exists(file.Target) ? " The file that was there is unchanged." : "";
        var reason = IsTooLarge(fault)
            ? "a file may not become that large here (ulimit -f)"
            : fault.Message.TrimEnd('.');
        return new InputException($"'{file.Path}' cannot be written: {reason}.{kept}", fault);
    }
}
