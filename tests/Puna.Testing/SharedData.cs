using System.IO.Compression;

namespace Puna.Testing;

/// <summary>Finds the folder of real weights, texts and oracles that lies beside a checkout, where there is one.</summary>
public static class SharedData
{
    /// <summary>The repository's root: the folder that holds Puna.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>../shared/data beside the checkout, or null when it is absent.</summary>
    public static string? Folder { get; } = FindData();

    /// <summary>Full path of a file or folder in it; skips the test when it is absent.</summary>
    public static string Path(params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
        {
            Assert.SkipWhen(
                part.StartsWith(ReferenceCases.None, StringComparison.Ordinal),
                $"../shared/data/{parts[0]} is absent or holds no case of this test"
            );
        }

        var relative = System.IO.Path.Combine(parts.ToArray());
        Assert.SkipWhen(Folder is null, $"../shared/data is absent, needed: {relative}");
        var path = System.IO.Path.Combine(Folder!, relative);
        Assert.SkipUnless(
            File.Exists(path) || Directory.Exists(path),
            $"../shared/data/{relative} is absent"
        );
        return path;
    }

    /// <summary>The content of a file in it, unpacked when its name ends with .gz; skips the test when it is absent.</summary>
    public static byte[] Bytes(params ReadOnlySpan<string> parts)
    {
        var path = Path(parts);
        using var file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
        using var result = new MemoryStream();
        stream.CopyTo(result);
        return result.ToArray();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (
            folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Puna.slnx"))
        )
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException(
                "Puna.slnx was not found above the test program."
            );
    }

    private static string? FindData()
    {
        var path = System.IO.Path.Combine(Directory.GetParent(Root)!.FullName, "shared", "data");
        return Directory.Exists(path) ? path : null;
    }
}
