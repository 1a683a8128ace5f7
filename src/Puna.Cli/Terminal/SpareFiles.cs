using Microsoft.Win32.SafeHandles;

namespace Puna.Cli.Terminal;

/// <summary>
/// A few open files that are given up when a command fails: where no more may be open (<c>ulimit -n</c>), the runtime could
/// not even load what says so.
/// </summary>
internal sealed class SpareFiles : IDisposable
{
    private const int Count = 8;
    private const string Nothing = "/dev/null";
    private readonly List<SafeFileHandle> _files = [];

    /// <summary>Opens them, as many as can be.</summary>
    public SpareFiles()
    {
        try
        {
            while (_files.Count < Count && File.Exists(Nothing))
            {
                _files.Add(File.OpenHandle(Nothing));
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Fewer must do.
        }
    }

    /// <summary>Gives them up.</summary>
    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _files.Clear();
    }
}
