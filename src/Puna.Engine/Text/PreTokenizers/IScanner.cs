namespace Puna.Engine.Text.PreTokenizers;

/// <summary>One pattern of a pre-tokeniser, written as a scanner over runes instead of a regular expression.</summary>
internal interface IScanner
{
    /// <summary>
    /// End of the match that begins exactly at <paramref name="start"/>, or <paramref name="start"/> when there is
    /// none. The text is well-formed UTF-16 and the end of it is the end of what is looked at.
    /// </summary>
    int Match(ReadOnlySpan<char> text, int start);
}
