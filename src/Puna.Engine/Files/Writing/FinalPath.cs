namespace Puna.Engine.Files.Writing;

/// <summary>Follows symbolic links to the place that a path really means.</summary>
internal static class FinalPath
{
    /// <summary>As many links as Linux follows.</summary>
    private const int MostLinks = 40;

    /// <summary>
    /// The absolute path behind all links, of the folders too. What is absent is taken as it is named, so a link that
    /// dangles leads to the file that it would create.
    /// </summary>
    /// <exception cref="InputException">The path is empty or no path, or its links never end.</exception>
    public static string Of(string path)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new InputException(
                "An empty path or one with a zero character names no file; give the path of one."
            );
        }

        var full = Path.GetFullPath(path);
        var place = Path.GetPathRoot(full)!;
        var ahead = new Stack<string>();
        Push(ahead, full[place.Length..]);
        for (var links = 0; ahead.TryPop(out var part); )
        {
            if (part == "..")
            {
                place = Path.GetDirectoryName(place) ?? place;
                continue;
            }

            var next = Path.Combine(place, part);
            if (new FileInfo(next).LinkTarget is not { } link)
            {
                place = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new InputException(
                    $"'{path}' leads through more than {MostLinks} symbolic links; give the path of the file itself."
                );
            }

            // A link is read from the folder that it lies in, which has no links left in its own path.
            var root = Path.GetPathRoot(link)!;
            place = root.Length > 0 ? root : place;
            Push(ahead, link[root.Length..]);
        }

        return place;
    }

    private static void Push(Stack<string> ahead, string path)
    {
        var parts = path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        foreach (var part in parts.Reverse().Where(part => part is not ("" or ".")))
        {
            ahead.Push(part);
        }
    }
}
