using System.Text.Json;
using Puna.Engine.Files.Storage;

namespace Puna.Engine.Files.Json;

/// <summary>Reads a JSON file of bounded size and depth whose root is an object.</summary>
internal static class JsonFile
{
    /// <summary>Parses the file; the caller disposes the document.</summary>
    /// <exception cref="InputException">It cannot be read, is too large, too deep, or no JSON object.</exception>
    public static JsonDocument Open(string path, int largest)
    {
        using var file = InputFile.Open(path);
        if (file.Length > largest)
        {
            throw new InputException(
                $"'{path}' has {file.Length} bytes; at most {largest} are accepted."
            );
        }

        return Parse(path, file.Start(largest));
    }

    /// <summary>Parses text that came from <paramref name="path"/>; the caller disposes the document.</summary>
    /// <exception cref="InputException">It is too deep, or no JSON object.</exception>
    public static JsonDocument Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        var document = JsonText.Parse(path, bytes);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            var kind = document.RootElement.ValueKind;
            document.Dispose();
            throw new InputException($"'{path}' should hold a JSON object, but holds {kind}.");
        }

        return document;
    }
}
