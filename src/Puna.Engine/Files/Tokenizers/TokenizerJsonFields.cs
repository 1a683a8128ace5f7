using System.Text.Json;
using Puna.Engine.Files.Json;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>Reads JSON of a tokenizer's files so that every fault is an <see cref="InputException"/> that names the file.</summary>
internal static class TokenizerJsonFields
{
    /// <summary>Parses a file whose root is an object, and reads it; the document lives no longer than that.</summary>
    /// <exception cref="InputException">It is no JSON, nested too deeply, no object, or has text that is no Unicode.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> json, string path, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonFile.Parse(path, json);
            return read(document.RootElement);
        }
        catch (InvalidOperationException fault)
        {
            // What the parser throws for escapes of half a surrogate pair.
            throw new InputException($"'{path}' has text that is no valid Unicode.", fault);
        }
    }

    /// <summary>A field, or null when it is absent or null.</summary>
    public static JsonElement? Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out var value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>A text, or null when it is absent or no text.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>A truth value, or null when it is absent or none.</summary>
    public static bool? Flag(this JsonElement element, string name) =>
        element.Field(name) switch
        {
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            _ => null,
        };

    /// <summary>The elements of a list; none when it is absent.</summary>
    /// <exception cref="InputException">It is there, but no list.</exception>
    public static IEnumerable<JsonElement> Items(
        this JsonElement element,
        string name,
        string path
    ) =>
        element.Field(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
            { } other => throw new InputException(
                $"'{path}' has a {other.ValueKind} in '{name}'; a list is needed."
            ),
        };

    /// <summary>A number as an id.</summary>
    /// <exception cref="InputException">It is no whole number from 0 to 2^31 - 1.</exception>
    public static int Id(this JsonElement value, string path, string what) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id >= 0
            ? id
            : throw new InputException(
                $"'{path}' gives {what} the id {Short(value)}; a whole number from 0 to {int.MaxValue} is needed."
            );

    /// <summary>The beginning of a value as it is written, for messages.</summary>
    public static string Short(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 120 ? text : text[..120] + "...";
    }
}
