namespace Puna.Cli.Terminal.LineEditing;

/// <summary>
/// How a message of several lines is typed: a line that ends with a backslash goes on, and so does all between two lines
/// of three quotation marks.
/// </summary>
internal static class MessageText
{
    private const string Fence = "\"\"\"";

    /// <summary>What Enter makes of a text: the text that is to be edited on, or null when it is complete.</summary>
    public static string? GoesOn(string text)
    {
        if (text.StartsWith(Fence, StringComparison.Ordinal))
        {
            return IsFenced(text) ? null : $"{text}\n";
        }

        return text.EndsWith('\\') ? $"{text[..^1]}\n" : null;
    }

    /// <summary>The message of a complete text: without the quotation marks and the line ends beside them.</summary>
    public static string Content(string text)
    {
        if (!IsFenced(text))
        {
            return text;
        }

        var inside = text.TrimEnd()[Fence.Length..^Fence.Length];
        var start = inside.StartsWith('\n') ? 1 : 0;
        var end = inside.Length - (inside.Length > start && inside.EndsWith('\n') ? 1 : 0);
        return inside[start..end];
    }

    private static bool IsFenced(string text) =>
        text.StartsWith(Fence, StringComparison.Ordinal)
        && text.TrimEnd() is { Length: >= 6 } trimmed
        && trimmed.EndsWith(Fence, StringComparison.Ordinal);
}
