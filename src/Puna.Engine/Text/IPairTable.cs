namespace Puna.Engine.Text;

/// <summary>Says which neighbouring symbols may be joined, and how early.</summary>
internal interface IPairTable
{
    /// <summary>
    /// Looks up two neighbours in <paramref name="text"/>. The lower <paramref name="rank"/> (never negative) is
    /// joined first; <paramref name="id"/> is that of the joined piece.
    /// </summary>
    bool TryMerge(
        ReadOnlySpan<char> text,
        BpeSymbol left,
        BpeSymbol right,
        out int rank,
        out int id
    );
}
