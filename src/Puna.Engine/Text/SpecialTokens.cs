using System.Text;

namespace Puna.Engine.Text;

/// <summary>
/// The matchers of a tokenizer's special and added tokens: those found in the text as it was given and those found
/// after normalisation, each with and without the control tokens.
/// </summary>
internal sealed class SpecialTokens
{
    private readonly SpecialTokenMatcher[] _matchers = new SpecialTokenMatcher[4];
    private readonly SpecialTokenMatcher _spelt;

    /// <summary>Collects the tokens by their types and flags.</summary>
    /// <param name="vocabulary">The pieces.</param>
    /// <param name="splitUserDefined">
    /// User-defined pieces without an entry in <see cref="TokenizerData.AddedTokens"/> are taken out of the text too;
    /// SentencePiece itself matches them later.
    /// </param>
    /// <param name="normalize">What is done to a text, and so to the spelling of a token that is looked for behind it.</param>
    public SpecialTokens(
        Vocabulary vocabulary,
        bool splitUserDefined,
        Func<string, string> normalize
    )
    {
        var added = new Dictionary<int, AddedToken>();
        foreach (var token in vocabulary.Data.AddedTokens)
        {
            if ((uint)token.Id >= (uint)vocabulary.Count)
            {
                throw new InputException(
                    $"The tokenizer adds a token with id {token.Id}, but the vocabulary has the ids 0 to {vocabulary.Count - 1}."
                );
            }

            added[token.Id] = token;
        }

        var all = new List<(string Spelling, AddedToken Token)>[4];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = [];
        }

        var controls = new List<(string Spelling, AddedToken Token)>();
        for (var id = 0; id < vocabulary.Count; id++)
        {
            var type = vocabulary.Type(id);
            var known = added.TryGetValue(id, out var token);
            var control = type is TokenType.Control or TokenType.Unknown;
            if (control || (type == TokenType.UserDefined && (known || splitUserDefined)))
            {
                token ??= new AddedToken(id);
                var spelling = vocabulary.Piece(id);
                if (control)
                {
                    controls.Add((spelling, token));
                }

                if (token.Normalized)
                {
                    spelling = normalize(spelling);
                }

                var entry = (spelling, token);
                all[Index(token.Normalized, withControl: true)].Add(entry);
                if (!control)
                {
                    all[Index(token.Normalized, withControl: false)].Add(entry);
                }
            }
        }

        for (var i = 0; i < all.Length; i++)
        {
            _matchers[i] = new SpecialTokenMatcher(all[i]);
        }

        _spelt = new SpecialTokenMatcher(controls);
    }

    /// <summary>Tokens found in the text as given.</summary>
    public SpecialTokenMatcher Raw(bool withControl) => _matchers[Index(false, withControl)];

    /// <summary>Tokens found in the normalised text.</summary>
    public SpecialTokenMatcher Normalized(bool withControl) => _matchers[Index(true, withControl)];

    /// <summary>The text with a guard before every control token that it spells.</summary>
    public string Guard(string text, char guard)
    {
        StringBuilder? guarded = null;
        var done = 0;
        for (var at = 0; at < text.Length; at++)
        {
            // A token that is looked for behind the normaliser may be spelt as it was before it, too.
            if (_spelt.MatchAt(text, at).Length > 0 || IsNormalizedControlAt(text, at))
            {
                guarded ??= new StringBuilder(text.Length + 16);
                guarded.Append(text, done, at - done).Append(guard);
                done = at;
            }
        }

        return guarded?.Append(text, done, text.Length - done).ToString() ?? text;
    }

    /// <summary>The text without its guards.</summary>
    public static ReadOnlySpan<char> Unguarded(ReadOnlySpan<char> text, char? guard) =>
        guard is { } mark && text.Contains(mark)
            ? text.ToString().Replace($"{mark}", "", StringComparison.Ordinal)
            : text;

    private bool IsNormalizedControlAt(string text, int at)
    {
        var (length, id) = Normalized(withControl: true).MatchAt(text, at);
        return length > 0 && Normalized(withControl: false).MatchAt(text, at).Id != id;
    }

    private static int Index(bool normalized, bool withControl) =>
        (normalized ? 2 : 0) + (withControl ? 1 : 0);
}
