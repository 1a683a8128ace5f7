using System.Text;

namespace Puna.Engine.Text;

/// <summary>Makes a .NET string well-formed UTF-16: a lone surrogate becomes U+FFFD.</summary>
internal static class WellFormedText
{
    /// <summary>The same string when it is well-formed, else a mended copy.</summary>
    public static string Of(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var surrogate = text.AsSpan(at).IndexOfAnyInRange('\uD800', '\uDFFF');
            if (surrogate < 0)
            {
                return text;
            }

            at += surrogate;
            if (
                !char.IsHighSurrogate(text[at])
                || at + 1 >= text.Length
                || !char.IsLowSurrogate(text[at + 1])
            )
            {
                return Mend(text);
            }

            at += 2;
        }

        return text;
    }

    private static string Mend(string text)
    {
        var builder = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            builder.Append(rune.ToString());
        }

        return builder.ToString();
    }
}
