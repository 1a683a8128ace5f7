namespace Puna.Engine.Text.PreTokenizers;

/// <summary><c>\p{N}</c> (each number alone) or <c>\p{N}+</c> (a whole run).</summary>
internal sealed class NumberScanner(bool wholeRun) : IScanner
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int start) =>
        wholeRun ? Characters.RunEnd(text, start, CharacterClass.Number)
        : Characters.ClassAt(text, start, out var length) == CharacterClass.Number ? start + length
        : start;
}
