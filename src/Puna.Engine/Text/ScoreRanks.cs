namespace Puna.Engine.Text;

/// <summary>
/// SentencePiece's merges: two neighbours may be joined when the joined spelling is a piece, the higher its score the
/// earlier. Control, unknown, byte and unused pieces are not spelt in texts.
/// </summary>
internal sealed class ScoreRanks : IPairTable
{
    private readonly Vocabulary _vocabulary;
    private readonly int[] _ranks;
    private readonly int _longest;

    /// <summary>Orders the pieces by score.</summary>
    /// <exception cref="InputException">A score is no number.</exception>
    public ScoreRanks(Vocabulary vocabulary, IReadOnlyList<float> scores)
    {
        _vocabulary = vocabulary;
        _ranks = new int[vocabulary.Count];
        var order = new int[vocabulary.Count];
        var keys = new float[vocabulary.Count];
        for (var id = 0; id < order.Length; id++)
        {
            if (float.IsNaN(scores[id]))
            {
                throw new InputException(
                    $"The score of piece {id} ('{vocabulary.Piece(id)}') is no number; the order of merges needs one."
                );
            }

            order[id] = id;
            keys[id] = -scores[id];
            if (IsText(vocabulary.Type(id)))
            {
                _longest = Math.Max(_longest, vocabulary.Piece(id).Length);
            }
        }

        Array.Sort(keys, order);
        var rank = 0;
        for (var i = 0; i < order.Length; i++)
        {
            rank = i > 0 && keys[i] == keys[i - 1] ? rank : i;
            _ranks[order[i]] = rank;
        }
    }

    /// <summary>True for pieces that text can be cut into.</summary>
    public static bool IsText(TokenType type) => type is TokenType.Normal or TokenType.UserDefined;

    /// <inheritdoc/>
    public bool TryMerge(
        ReadOnlySpan<char> text,
        BpeSymbol left,
        BpeSymbol right,
        out int rank,
        out int id
    )
    {
        var length = left.Length + right.Length;
        if (
            length <= _longest
            && _vocabulary.TryId(text.Slice(left.Start, length), out id)
            && IsText(_vocabulary.Type(id))
        )
        {
            rank = _ranks[id];
            return true;
        }

        rank = 0;
        id = 0;
        return false;
    }
}
