namespace Puna.Engine.Text;

/// <summary>How a token that is spelt out in a text is recognised; the flags are those of tokenizer.json.</summary>
/// <param name="Id">Its id; the spelling is the piece of that id.</param>
internal sealed record AddedToken(int Id)
{
    /// <summary>Blanks to its left belong to it.</summary>
    public bool StripLeft { get; init; }

    /// <summary>Blanks to its right belong to it.</summary>
    public bool StripRight { get; init; }

    /// <summary>Recognised only when no letter, digit or underscore touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Recognised in the normalised text; otherwise in the text as it was given, before normalisation.</summary>
    public bool Normalized { get; init; }
}
