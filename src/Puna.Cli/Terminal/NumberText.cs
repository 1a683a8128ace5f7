using System.Globalization;
using System.Numerics;

namespace Puna.Cli.Terminal;

/// <summary>Numbers as people write them: digits and a point in every language, <c>inf</c> for infinity.</summary>
internal static class NumberText
{
    /// <summary>What <see cref="TryReal"/> takes.</summary>
    public const string Real = "a number such as 0.8";

    /// <summary>What <see cref="TryWhole"/> takes.</summary>
    public static string Whole<T>()
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        T.IsZero(T.MinValue)
            ? $"a whole number from 0 to {T.MaxValue}"
            : $"a whole number of at most {T.MaxValue}";

    /// <summary>Reads a whole number.</summary>
    public static bool TryWhole<T>(ReadOnlySpan<char> text, out T value)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a number with an optional fraction and exponent.</summary>
    public static bool TryReal(ReadOnlySpan<char> text, out float value)
    {
        var negative = text is ['-', ..];
        var digits = text is ['-' or '+', ..] ? text[1..] : text;
        if (digits.Equals("inf", StringComparison.OrdinalIgnoreCase))
        {
            value = negative ? float.NegativeInfinity : float.PositiveInfinity;
            return true;
        }

        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
