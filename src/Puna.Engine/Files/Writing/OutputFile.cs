using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Writing;

/// <summary>
/// A place where a file is to be written: the end of the links that its path leads through, where a regular file or
/// nothing stands. Nothing else is ever replaced: no device, pipe or folder.
/// </summary>
public sealed class OutputFile
{
    private readonly FileNode? _node;

    private OutputFile(string path, string target, FileNode? node)
    {
        Path = path;
        Target = target;
        _node = node;
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>The absolute path behind all links.</summary>
    internal string Target { get; }

    /// <summary>Finds the place of a path.</summary>
    /// <exception cref="InputException">Something else than a regular file stands there, or the path leads nowhere.</exception>
    public static OutputFile At(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var target = FinalPath.Of(path);
        var node = FileNode.Of(path);
        if (node is { Kind: not FileNodeKind.Regular } other)
        {
            throw new InputException(
                $"'{path}' is {Name(other.Kind)} where a file is to be written."
            );
        }

        // The links of /proc lead elsewhere than they say.
        return node == FileNode.Of(target)
            ? new OutputFile(path, target, node)
            : throw new InputException(
                $"'{path}' leads through links that cannot be followed; give the path of the file itself."
            );
    }

    /// <summary>Refuses a place that is one of the files that are read, under whatever name.</summary>
    /// <param name="inputs">Paths of files; what is absent is passed over.</param>
    /// <exception cref="InputException">It is one of them.</exception>
    public void RequireNoneOf(IEnumerable<string> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (_node is not { } node)
        {
            return;
        }

        foreach (var input in inputs)
        {
            if (
                input.Length > 0
                && FileNode.Of(input) == node
                && (node.Number != 0 || FinalPath.Of(input) == Target)
            )
            {
                throw new InputException(
                    $"The output '{Path}' is the input '{input}' itself; choose another name."
                );
            }
        }
    }

    /// <summary>Refuses to replace a file that is not an older one of the same kind. An empty file may always be replaced.</summary>
    /// <param name="objection">
    /// Looks at the file and says what is wrong, as the rest of a sentence that begins with its name; null when nothing
    /// is.
    /// </param>
    /// <param name="force">Replaces it all the same.</param>
    /// <param name="remedy">How the user asks for that.</param>
    /// <exception cref="InputException">There is an objection.</exception>
    public void RequireReplaceable(
        Func<string, string?> objection,
        bool force,
        string remedy = "--force"
    )
    {
        ArgumentNullException.ThrowIfNull(objection);
        if (
            _node is not null
            && !force
            && new FileInfo(Target).Length > 0
            && objection(Target) is { } found
        )
        {
            throw new InputException(
                $"'{Path}' {found}; choose another name, or replace it with {remedy}."
            );
        }
    }

    /// <summary>What stands in the way, for people.</summary>
    internal static string Name(FileNodeKind kind) =>
        kind switch
        {
            FileNodeKind.Regular => "a file",
            FileNodeKind.Folder => "a folder",
            FileNodeKind.Pipe => "a named pipe",
            FileNodeKind.Socket => "a socket",
            _ => "a device",
        };
}
