using System.Diagnostics;
using System.Globalization;
using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Writing;

/// <summary>
/// The unfinished files of this process. Each lies beside its target as <c>TARGET.PID.partial</c>, locked while it is
/// written; whoever ends the process removes them all first, and what a process that was killed has left is removed by
/// the next one that writes the same target.
/// </summary>
public sealed class PartialFiles
{
    private const string Ending = ".partial";
    private static readonly EnumerationOptions s_all = new()
    {
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = true,
    };

    private readonly Lock _lock = new();
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly List<string> _folders = [];
    private bool _abandoned;

    internal PartialFiles() { }

    /// <summary>Those of this process.</summary>
    public static PartialFiles OfProcess { get; } = new();

    /// <summary>
    /// Removes every unfinished file and the folders that were made for them, once a rename that is under way is
    /// through. None can be made afterwards: the process has to end.
    /// </summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _abandoned = true;
            foreach (var file in _files)
            {
                TryDelete(file);
            }

            _files.Clear();
            foreach (var folder in Enumerable.Reverse(_folders))
            {
                TryDeleteFolder(folder);
            }

            _folders.Clear();
        }
    }

    /// <summary>True for the name of an unfinished file of anybody.</summary>
    internal static bool IsName(string name) =>
        name.EndsWith(Ending, StringComparison.Ordinal)
        && Owner(name, name.LastIndexOf('.', name.Length - Ending.Length - 1)) is not null;

    /// <summary>Makes the unfinished file of a target.</summary>
    /// <param name="target">Absolute path behind all links.</param>
    /// <param name="mode">Who may use it, as the file that is replaced says; null for what is usual.</param>
    internal FileStream Create(string target, UnixFileMode? mode)
    {
        lock (_lock)
        {
            RequireAlive();
            RemoveLeftOvers(target);
            var path = PathOf(target);
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
            };
            if (mode is not null && !OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = mode;
            }

            var stream = new FileStream(path, options);
            _files.Add(path);
            if (mode is { } exact && !OperatingSystem.IsWindows())
            {
                // What the process masks out of the modes of new files belongs to an old one all the same.
                File.SetUnixFileMode(stream.SafeFileHandle, exact);
            }

            return stream;
        }
    }

    /// <summary>Makes a folder for files that are not finished.</summary>
    internal void MakeFolder(string path)
    {
        lock (_lock)
        {
            RequireAlive();
            Directory.CreateDirectory(path);
            _folders.Add(path);
        }
    }

    /// <summary>Gives unfinished files their names; nobody is ended in the middle.</summary>
    internal void Commit(Action rename)
    {
        lock (_lock)
        {
            RequireAlive();
            rename();
        }
    }

    /// <summary>Removes the unfinished file of a target, if it is still there.</summary>
    internal void Release(string target)
    {
        lock (_lock)
        {
            var path = PathOf(target);
            if (_files.Remove(path))
            {
                TryDelete(path);
            }
        }
    }

    /// <summary>Removes a folder that was made, if it is still there and empty.</summary>
    internal void ReleaseFolder(string path)
    {
        lock (_lock)
        {
            if (_folders.Remove(path))
            {
                TryDeleteFolder(path);
            }
        }
    }

    /// <summary>The name of a target's unfinished file in this process.</summary>
    internal static string PathOf(string target) =>
        $"{target}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}{Ending}";

    private static int? Owner(string name, int dot) =>
        dot > 0
        && int.TryParse(
            name.AsSpan(dot + 1, name.Length - Ending.Length - dot - 1),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var owner
        )
            ? owner
            : null;

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The first error is the one that the user has to know; a left-over file has a telling name.
        }
    }

    private static void TryDeleteFolder(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It holds the files that were finished, or somebody else's.
        }
    }

    private void RequireAlive()
    {
        if (_abandoned)
        {
            throw new OperationCanceledException("The process is ending.");
        }
    }

    private void RemoveLeftOvers(string target)
    {
        var name = Path.GetFileName(target);
        foreach (
            var file in Directory.EnumerateFiles(
                Path.GetDirectoryName(target)!,
                "*" + Ending,
                s_all
            )
        )
        {
            var found = Path.GetFileName(file);
            if (
                found.StartsWith(name + ".", StringComparison.Ordinal)
                && Owner(found, name.Length) is { } owner
                && (owner == Environment.ProcessId ? !_files.Contains(file) : !IsAlive(owner))
                && !IsLocked(file)
            )
            {
                TryDelete(file);
            }
        }
    }

    // A process of another container has a number that says nothing here, but its lock is seen.
    private static bool IsLocked(string path)
    {
        if (
            new FileInfo(path).LinkTarget is not null
            || FileNode.Of(path) is not { Kind: FileNodeKind.Regular }
        )
        {
            return true;
        }

        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
