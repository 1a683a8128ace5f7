namespace Puna.Engine.Text.PreTokenizers;

/// <summary>Unicode's White_Space property, which is what \s means in the pre-tokenisers' patterns; all of it lies in the BMP.</summary>
internal static class WhiteSpace
{
    /// <summary>True for the 25 characters of the property.</summary>
    public static bool Is(int codePoint) =>
        codePoint
            is ' '
                or (>= '\t' and <= '\r')
                or 0x85
                or 0xA0
                or 0x1680
                or (>= 0x2000 and <= 0x200A)
                or 0x2028
                or 0x2029
                or 0x202F
                or 0x205F
                or 0x3000;
}
