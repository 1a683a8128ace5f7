namespace Puna.Engine.Text.PreTokenizers;

/// <summary><c>[0-9][0-9][0-9]</c></summary>
internal sealed class ThreeDigitsScanner : IScanner
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int start) =>
        start + 3 <= text.Length && !text.Slice(start, 3).ContainsAnyExceptInRange('0', '9')
            ? start + 3
            : start;
}
