using System.Text.Json;
using System.Text.Unicode;

namespace Puna.Engine.Files.Json;

/// <summary>Parses JSON of bounded depth so that every fault is one sentence that names its place.</summary>
public static class JsonText
{
    private const int DeepestNesting = 64;

    /// <summary>Parses text that came from <paramref name="path"/>; the caller disposes the document.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="bytes">UTF-8, with or without a byte order mark.</param>
    /// <exception cref="InputException">It is no JSON, nested deeper than 64, or names a field twice.</exception>
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

        try
        {
            return JsonDocument.Parse(
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
            throw new InputException($"'{path}' is no valid JSON: {Reason(fault)}.", fault);
        }
    }

    /// <summary>The first sentence of the parser's message, and the place.</summary>
    private static string Reason(Exception fault)
    {
        var end = fault.Message.IndexOf(". ", StringComparison.Ordinal);
        var reason = end < 0 ? fault.Message.TrimEnd('.') : fault.Message[..end];
        var place = fault
            is JsonException { LineNumber: { } line, BytePositionInLine: { } position }
            ? $" (line {line + 1}, byte {position + 1})"
            : "";
        return PrintableText.Short(reason) + place;
    }
}
