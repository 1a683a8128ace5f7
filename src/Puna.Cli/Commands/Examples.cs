namespace Puna.Cli.Commands;

/// <summary>Examples at the end of a command's description, so that <c>--help</c> shows them.</summary>
public static class Examples
{
    /// <summary>The paragraph with one example a line.</summary>
    public static string Of(params ReadOnlySpan<string> lines)
    {
        var text = $"{Environment.NewLine}{Environment.NewLine}Examples:";
        foreach (var line in lines)
        {
            text += $"{Environment.NewLine}  {line}";
        }

        return text;
    }
}
