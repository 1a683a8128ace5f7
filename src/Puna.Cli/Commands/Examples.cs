namespace Puna.Cli.Commands;

/// <summary>Examples for the end of a command's help.</summary>
internal static class Examples
{
    /// <summary>The paragraph with one example a line.</summary>
    public static string Of(params ReadOnlySpan<string> lines)
    {
        var text = "Examples:";
        foreach (var line in lines)
        {
            text += $"{Environment.NewLine}  {line}";
        }

        return text;
    }
}
