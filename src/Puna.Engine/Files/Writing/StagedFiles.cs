namespace Puna.Engine.Files.Writing;

/// <summary>
/// Files that replace their predecessors together and only when complete: each is written under a temporary name in
/// its own folder, flushed to disk, and renamed by <see cref="Commit"/>. Without it, disposing removes the temporary
/// files and the old ones stay as they were.
/// </summary>
public sealed class StagedFiles : IDisposable
{
    private readonly List<(string Temporary, string Target)> _files = [];
    private bool _committed;

    /// <summary>Starts a file.</summary>
    /// <param name="path">The name that it will have.</param>
    /// <param name="write">Writes the content; whatever it throws leaves the old file alone.</param>
    /// <exception cref="InputException">The folder is missing, the disk is full, or writing is not allowed.</exception>
    public void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (Directory.Exists(path))
        {
            throw new InputException($"'{path}' is a folder where a file is to be written.");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(folder))
        {
            throw new InputException($"'{path}' cannot be written: there is no folder '{folder}'.");
        }

        var temporary = $"{path}.{Environment.ProcessId}.partial";
        try
        {
            using var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write);
            _files.Add((temporary, path));
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException || IsTooLarge(fault))
        {
            throw Failure(path, fault);
        }
    }

    /// <summary>Gives every file its name.</summary>
    /// <exception cref="InputException">A file could not be renamed.</exception>
    public void Commit()
    {
        foreach (var (temporary, target) in _files)
        {
            try
            {
                System.IO.File.Move(temporary, target, overwrite: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw Failure(target, fault);
            }
        }

        _committed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_committed)
        {
            return;
        }

        foreach (var (temporary, _) in _files)
        {
            try
            {
                System.IO.File.Delete(temporary);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // The first error is the one that the user has to know; a left-over file has a telling name.
            }
        }
    }

    // What the runtime says when a write goes beyond the largest file that the system or ulimit -f allows.
    private static bool IsTooLarge(Exception fault) =>
        fault is ArgumentOutOfRangeException { ParamName: "value" };

    private static InputException Failure(string path, Exception fault)
    {
        var kept = System.IO.File.Exists(path) ? " The file that was there is unchanged." : "";
        var reason = IsTooLarge(fault)
            ? "a file may not become that large here (ulimit -f)"
            : fault.Message.TrimEnd('.');
        return new InputException($"'{path}' cannot be written: {reason}.{kept}", fault);
    }
}
