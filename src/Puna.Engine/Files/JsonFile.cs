using System.Text.Json;
using System.Text.Unicode;

namespace Puna.Engine.Files;

/// <summary>Reads a JSON file of bounded size and depth whose root is an object.</summary>
internal static class JsonFile
{
    private const int DeepestNesting = 64;

    /// <summary>Parses the file; the caller disposes the document.</summary>
    /// <exception cref="InputException">It cannot be read, is too large, too deep, or no JSON object.</exception>
    public static JsonDocument Open(string path, int largest)
    {
        using var file = ModelFiles.Map(path);
        if (file.Length > largest)
        {
            throw new InputException(
                $"'{path}' has {file.Length} bytes; at most {largest} are accepted."
            );
        }

        return Parse(path, file.Bytes.Span.ToArray());
    }

    /// <summary>Parses text that came from <paramref name="path"/>.</summary>
    public static JsonDocument Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        // The byte order mark that some editors write.
        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (!Utf8.IsValid(bytes.Span))
        {
            throw new InputException($"'{path}' is no valid JSON: it is not UTF-8.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(
                bytes,
                new JsonDocumentOptions
                {
                    MaxDepth = DeepestNesting,
                    AllowDuplicateProperties = false,
                }
            );
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new InputException(
                $"'{path}' is no valid JSON: {MetadataText.Short(fault.Message)}",
                fault
            );
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            var kind = document.RootElement.ValueKind;
            document.Dispose();
            throw new InputException($"'{path}' should hold a JSON object, but holds {kind}.");
        }

        return document;
    }
}
