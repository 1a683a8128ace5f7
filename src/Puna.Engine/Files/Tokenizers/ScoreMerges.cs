using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// SentencePiece's two ways to say what is merged when: by the score of the joined piece (GGUF, .model, .bin), and by
/// the rank of a pair (tokenizer.json). Pieces of one score, and the ways to make one piece, have an order among pairs
/// only; where pieces overlap inside a long run of one character, the two may then cut it at other places.
/// </summary>
internal static class ScoreMerges
{
    /// <summary>
    /// The pairs that make each piece, best score first; of one score the longest left part first, as transformers orders
    /// them. Where the tokenizer has no scores, its own merges.
    /// </summary>
    public static IReadOnlyList<string> Merges(TokenizerData tokenizer)
    {
        if (tokenizer.Scores.Count != tokenizer.Pieces.Count)
        {
            return tokenizer.Merges;
        }

        var texts = new HashSet<string>(StringComparer.Ordinal);
        for (var id = 0; id < tokenizer.Pieces.Count; id++)
        {
            if (IsText(tokenizer, id))
            {
                texts.Add(tokenizer.Pieces[id]);
            }
        }

        var lookup = texts.GetAlternateLookup<ReadOnlySpan<char>>();
        var pairs = new List<(float Score, int Id, int Cut)>();
        for (var id = 0; id < tokenizer.Pieces.Count; id++)
        {
            var piece = tokenizer.Pieces[id];
            for (var cut = 1; IsText(tokenizer, id) && cut < piece.Length; cut++)
            {
                if (
                    !char.IsLowSurrogate(piece[cut])
                    && lookup.Contains(piece.AsSpan(0, cut))
                    && lookup.Contains(piece.AsSpan(cut))
                )
                {
                    pairs.Add((tokenizer.Scores[id], id, cut));
                }
            }
        }

        return
        [
            .. pairs
                .OrderByDescending(pair => pair.Score)
                .ThenByDescending(pair => pair.Cut)
                .ThenBy(pair => pair.Id)
                .Select(pair => tokenizer.Pieces[pair.Id].Insert(pair.Cut, " ")),
        ];
    }

    /// <summary>
    /// The scores; of a tokenizer that came with merges instead, the rank of the first that makes a piece, negated. What
    /// no merge makes comes after all of them: it must not be joined before its turn.
    /// </summary>
    public static float[] Scores(TokenizerData tokenizer)
    {
        if (tokenizer.Scores.Count == tokenizer.Pieces.Count)
        {
            return [.. tokenizer.Scores];
        }

        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < tokenizer.Merges.Count; rank++)
        {
            var merge = tokenizer.Merges[rank];
            var blank = merge.IndexOf(' ', 1);
            if (blank > 0)
            {
                ranks.TryAdd(merge.Remove(blank, 1), rank);
            }
        }

        return
        [
            .. tokenizer.Pieces.Select(piece =>
                -(float)ranks.GetValueOrDefault(piece, tokenizer.Merges.Count)
            ),
        ];
    }

    private static bool IsText(TokenizerData tokenizer, int id) =>
        tokenizer.Types.Count == 0 || tokenizer.Types[id] == TokenType.Normal;
}
