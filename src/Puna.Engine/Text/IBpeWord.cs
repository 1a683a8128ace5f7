namespace Puna.Engine.Text;

/// <summary>A word that is merged, counted in units: what its symbols are at first, and what becomes of the last ones.</summary>
internal interface IBpeWord
{
    /// <summary>Units of the word.</summary>
    int Length { get; }

    /// <summary>The text that <see cref="IPairTable"/> looks at; empty where the ids say everything.</summary>
    ReadOnlySpan<char> Text { get; }

    /// <summary>Units of the symbol that begins at <paramref name="at"/>; false when the vocabulary leaves it out.</summary>
    /// <param name="at">A unit.</param>
    /// <param name="length">Units, at least 1.</param>
    /// <param name="id">Id of its piece, or -1 when no piece is spelt so.</param>
    bool Read(int at, out int length, out int id);

    /// <summary>True when two stretches of the same length have the same units.</summary>
    bool IsSame(int first, int second, int length);

    /// <summary>Takes the next of the symbols that are left after merging.</summary>
    void Accept(BpeSymbol symbol);

    /// <summary>Forgets what was accepted; all will come again.</summary>
    void Restart();
}
