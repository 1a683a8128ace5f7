namespace Puna.Engine;

/// <summary>Short renderings of values from files, for messages and <c>puna inspect</c>.</summary>
internal static class PrintableText
{
    private const int Longest = 200;

    /// <summary>The text without control characters, cut to a bounded length.</summary>
    public static string Short(string text)
    {
        var cut = text.Length <= Longest ? text : text[..Longest] + "...";
        return string.Create(
            cut.Length,
            cut,
            static (target, source) =>
            {
                for (var index = 0; index < target.Length; index++)
                {
                    // A control character could move the terminal's cursor or hide text.
                    target[index] = char.IsControl(source[index]) ? ' ' : source[index];
                }
            }
        );
    }
}
