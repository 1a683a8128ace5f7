namespace Puna.SideBySide;

/// <summary>What a row should reach.</summary>
/// <param name="Narrow">On a processor without AVX-512.</param>
/// <param name="Wide">On one with it.</param>
/// <param name="AtMost">True where less is better.</param>
public sealed record Target(double Narrow, double Wide, bool AtMost = false)
{
    /// <summary>The same everywhere.</summary>
    public static Target AtLeast(double value) => new(value, value);

    /// <summary>The value for a level such as <c>avx512</c>.</summary>
    public double At(string level) => level == "avx512" ? Wide : Narrow;

    /// <summary>Whether a value reaches it.</summary>
    public bool IsMet(double value, string level) =>
        AtMost ? value <= At(level) : value >= At(level);
}
